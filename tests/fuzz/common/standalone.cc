// SPDX-License-Identifier: Apache-2.0
// A fuzz target without libFuzzer, so that any compiler can run it and the ordinary tests do: every
// seed, then mutants of seeds, always the same ones.
//
//   fuzz_NAME              the seeds and 100000 mutants (with EVENTD_LONG=1: five million), or as
//                          many as 5 s (10 minutes) allow
//   fuzz_NAME FILE..       these inputs, such as one that libFuzzer or this program found
//
// An input that ends the program is left in fuzz_NAME.input of the folder for temporary files.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "tests/fuzz/fuzz.h"

using eventd::Buffer;

namespace {

std::string left_in;  // where the input goes if the program ends
const Buffer* running = nullptr;

void leave_input() {
  if (running == nullptr) return;
  FILE* file = std::fopen(left_in.c_str(), "wb");
  if (file == nullptr) return;
  std::fwrite(running->data(), 1, running->size(), file);
  std::fclose(file);
  std::fprintf(stderr, "the input is in %s\n", left_in.c_str());
  running = nullptr;
}

void on_abort(int) {
  leave_input();
  std::signal(SIGABRT, SIG_DFL);
  std::abort();
}

void run(Buffer& input) {
  input.shrink_to_fit();  // so that the sanitizer sees a read behind it
  running = &input;
  LLVMFuzzerTestOneInput(input.data(), input.size());
  running = nullptr;
}

class Mutator {
 public:
  explicit Mutator(const std::vector<Buffer>& seeds) : seeds_(seeds) {}

  Buffer next() {
    Buffer input = any_seed();
    for (size_t i = 1 + below(4); i > 0; i--) mutate(input);
    return input;
  }

 private:
  size_t below(size_t bound) { return random_() % bound; }
  const Buffer& any_seed() { return seeds_[below(seeds_.size())]; }

  void mutate(Buffer& input) {
    size_t at = below(input.size() + 1);
    auto place = input.begin() + static_cast<ptrdiff_t>(at);
    if (at == input.size()) {
      input.push_back(static_cast<uint8_t>(random_()));
      return;
    }
    static constexpr uint8_t kEdges[] = {0x00, 0x01, 0x7f, 0x80, 0xff, 0xfe};
    size_t left = input.size() - at;
    switch (below(7)) {
      case 0: *place ^= static_cast<uint8_t>(1 << below(8)); break;
      case 1: *place = static_cast<uint8_t>(random_()); break;
      case 2: std::fill_n(place, std::min(left, 1 + below(5)), kEdges[below(6)]); break;
      case 3: input.erase(place, place + static_cast<ptrdiff_t>(1 + below(left) / 4)); break;
      case 4: input.insert(place, 1 + below(8), kEdges[below(6)]); break;
      case 5: input.resize(at); break;
      default: splice(input, at);
    }
  }

  // The rest of another seed instead of the input's own.
  void splice(Buffer& input, size_t at) {
    const Buffer& other = any_seed();
    input.resize(at);
    eventd::Bytes tail(other);
    append(input, tail.subspan(std::min(tail.size(), below(tail.size() + 1))));
  }

  const std::vector<Buffer>& seeds_;
  std::mt19937 random_{20260101};
};

Buffer contents(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "cannot read %s\n", path);
    std::exit(2);
  }
  return Buffer(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

int main(int count, char** arguments) {
  std::string program = arguments[0];
  const char* folder = std::getenv("TMPDIR");
  left_in = std::string(folder != nullptr ? folder : "/tmp") + "/" +
            program.substr(program.rfind('/') + 1) + ".input";
  std::signal(SIGABRT, on_abort);
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(leave_input);

  if (count > 1) {
    for (int i = 1; i < count; i++) {
      Buffer input = contents(arguments[i]);
      run(input);
    }
    return 0;
  }
  std::vector<Buffer> seeds = eventd::seeds();
  seeds.emplace_back();
  for (Buffer& seed : seeds) run(seed);
  Mutator mutator(seeds);
  bool is_long = std::getenv("EVENTD_LONG") != nullptr;
  size_t mutants = is_long ? 5'000'000 : 100'000;
  auto until = std::chrono::steady_clock::now() + std::chrono::seconds(is_long ? 600 : 5);
  size_t done = 0;
  while (done < mutants && std::chrono::steady_clock::now() < until) {
    Buffer input = mutator.next();
    run(input);
    done++;
  }
  std::printf("%zu seeds, %zu mutants\n", seeds.size(), done);
  return 0;
}
