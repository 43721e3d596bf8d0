// SPDX-License-Identifier: Apache-2.0
#include "lib/base/openssl.h"

#include <dlfcn.h>

#include "lib/base/ensure.h"
#include "lib/base/text.h"

namespace eventd {

namespace {

constexpr const char* kLibrary = "libssl.so.3";  // which brings libcrypto.so.3

struct Loaded {
  OpenSsl functions;
  Result<void> result;
};

template <class F>
void find(void* library, const char* name, F& function, Result<void>& result) {
  function = reinterpret_cast<F>(dlsym(library, name));
  if (function == nullptr && result) {
    result = fail(Code::bad_config, text(kLibrary, " has no ", name));
  }
}

Loaded load() {
  Loaded loaded;
  void* library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    loaded.result = fail(Code::bad_config, text("TLS, SCRAM and sums need OpenSSL 3 (Debian: the "
                                                "package libssl3): ",
                                                std::string_view(dlerror())));
    return loaded;
  }
#define EVENTD_OPENSSL_FIND(name) find(library, #name, loaded.functions.name, loaded.result);
  EVENTD_OPENSSL_FUNCTIONS(EVENTD_OPENSSL_FIND)
#undef EVENTD_OPENSSL_FIND
  return loaded;
}

const Loaded& once() {
  static const Loaded loaded = load();
  return loaded;
}

}  // namespace

Result<void> load_openssl() { return once().result; }

const OpenSsl& openssl() {
  const Loaded& loaded = once();
  ENSURE(loaded.result.has_value());
  return loaded.functions;
}

}  // namespace eventd
