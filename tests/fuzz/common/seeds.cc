// SPDX-License-Identifier: Apache-2.0
// With libFuzzer: EVENTD_SEEDS=FOLDER makes a target write its seeds there, and end.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "tests/fuzz/fuzz.h"

namespace eventd {

__attribute__((weak)) std::vector<Buffer> seeds() { return {}; }

}  // namespace eventd

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* folder = std::getenv("EVENTD_SEEDS");
  if (folder == nullptr) return 0;
  size_t written = 0;
  for (const eventd::Buffer& seed : eventd::seeds()) {
    std::ofstream file(std::string(folder) + "/seed-" + std::to_string(written++));
    std::string_view bytes = eventd::text_of(seed);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!file.flush()) {
      std::fprintf(stderr, "cannot write seeds to %s\n", folder);
      std::exit(1);
    }
  }
  std::exit(0);
}
