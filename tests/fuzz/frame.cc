// SPDX-License-Identifier: Apache-2.0
// What a peer sends: frames, one after the other, of a length, a header and a body. An even first
// byte makes it the requests that a broker reads, an odd one the responses that a client reads, to
// requests whose API and version the next four bytes are.
#include "lib/wire/frame.h"

#include "lib/base/ensure.h"
#include "lib/wire/reader.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/hex.h"

using namespace eventd;

namespace {

void decode_body(std::span<const MessageKind> kinds, int16_t api, int16_t version, Bytes body) {
  for (const MessageKind& kind : kinds) {
    bool is_it = static_cast<int16_t>(*kind.api) == api;
    if (is_it && kind.format.versions.contains(version)) round_trip(kind, body, version);
  }
}

void read_request(Bytes frame) {
  Result<RequestHeader> header = parse_request_header(frame);
  if (!header) return;
  ENSURE(header->size_bytes <= frame.size());
  std::optional<ApiKey> api = api_key_of(header->api);
  if (!api) return;
  Buffer written;
  Writer writer(written);
  write_request_header(*api, header->version, header->correlation_id, header->client_id, writer);
  Result<RequestHeader> again = parse_request_header(written);
  ENSURE(again && again->client_id == header->client_id);
  ENSURE(again->size_bytes == written.size());
  decode_body(request_kinds(), header->api, header->version, frame.subspan(header->size_bytes));
}

void read_response(Bytes frame, int16_t api, int16_t version) {
  std::optional<ApiKey> key = api_key_of(api);
  if (!key) return;
  int32_t correlation_id = 0;
  Result<size_t> size = parse_response_header(frame, *key, version, correlation_id);
  if (!size) return;
  ENSURE(*size <= frame.size());
  decode_body(response_kinds(), api, version, frame.subspan(*size));
}

// One frame around what `write` writes, behind `before`.
template <class Write>
Buffer framed(Bytes before, Write write) {
  Buffer input(before.begin(), before.end());
  Writer writer(input);
  Writer::Mark start = writer.mark();
  writer.number<int32_t>(0);
  write(writer);
  writer.patch(start, static_cast<int32_t>(writer.wire_size() - 4));
  return input;
}

}  // namespace

std::vector<Buffer> eventd::seeds() {
  std::vector<Buffer> seeds;
  for (const GoldenMessage& message : golden_messages("kafka-4.3.1/requests.txt")) {
    ApiKey api = *message_kind(message.name)->api;
    seeds.push_back(framed(from_hex("00"), [&](Writer& to) {
      write_request_header(api, message.version, 7, message.filling, to);
      to.bytes(message.bytes);
    }));
  }
  for (const GoldenMessage& message : golden_messages("kafka-4.3.1/responses.txt")) {
    ApiKey api = *message_kind(message.name)->api;
    Buffer before = from_hex("01");
    Writer chosen(before);
    chosen.number(static_cast<int16_t>(api));
    chosen.number(message.version);
    seeds.push_back(framed(before, [&](Writer& to) {
      to.number<int32_t>(7);
      if (response_header_version(api, message.version) >= 1) to.uvarint<uint32_t>(0);
      to.bytes(message.bytes);
    }));
  }
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Reader read(Bytes(data, size));
  bool responses = read.number<uint8_t>() % 2 == 1;
  int16_t api = responses ? read.number<int16_t>() : int16_t{0};
  int16_t version = responses ? read.number<int16_t>() : int16_t{0};
  while (read.left() > 0) {
    auto length = read.number<int32_t>();
    if (length < 0) break;
    Bytes frame = read.bytes(static_cast<size_t>(length));
    if (read.failed()) break;
    if (responses) {
      read_response(frame, api, version);
    } else {
      read_request(frame);
    }
  }
  return 0;
}
