// SPDX-License-Identifier: Apache-2.0
#include "lib/record/record.h"

#include <limits>

#include "lib/base/text.h"
#include "lib/base/varint.h"

namespace eventd {
namespace {

// A varint of at most two bytes, which is nearly all of them; longer ones take the general way.
inline const uint8_t* get_short_varint(const uint8_t* at, const uint8_t* end, int32_t& value) {
  if (end - at >= 2) [[likely]] {
    uint32_t low = at[0];
    if (low < 0x80) {
      value = unzigzag(low);
      return at + 1;
    }
    uint32_t high = at[1];
    if (high < 0x80) {
      value = unzigzag((low & 0x7f) | (high << 7));
      return at + 2;
    }
  }
  return get_varint(at, end, value);
}

// Steps over `size` bytes; a size of -1 is a null and takes none. nullptr if that is not possible.
inline const uint8_t* skip(const uint8_t* at, const uint8_t* end, int32_t size) {
  if (size < -1 || size > end - at) return nullptr;
  return at + (size < 0 ? 0 : size);
}

const uint8_t* skip_headers(const uint8_t* at, const uint8_t* end, int32_t count) {
  // A header takes two bytes at least, so a count that lies ends soon.
  for (int32_t i = 0; i < count; i++) {
    int32_t size = 0;
    at = get_varint(at, end, size);
    if (at == nullptr || size < 0) return nullptr;
    at = skip(at, end, size);
    if (at == nullptr) return nullptr;
    at = get_varint(at, end, size);
    if (at == nullptr) return nullptr;
    at = skip(at, end, size);
    if (at == nullptr) return nullptr;
  }
  return at;
}

std::optional<Bytes> view(const uint8_t* at, int32_t size) {
  if (size < 0) return std::nullopt;
  return Bytes(at, static_cast<size_t>(size));
}

// Where the fields of one record stand.
struct Fields {
  int64_t timestamp_delta;
  int32_t offset_delta;
  int32_t key_size;
  const uint8_t* key;
  int32_t value_size;
  const uint8_t* value;
  int32_t header_count;
  const uint8_t* headers;
};

// Reads the record at `at` and returns what follows it, or nullptr.
inline const uint8_t* read_record(const uint8_t* at, const uint8_t* end, Fields& fields) {
  int32_t length = 0;
  at = get_short_varint(at, end, length);
  // The attributes and five varints take a byte each at least.
  if (at == nullptr || length < 6 || length > end - at) return nullptr;
  end = at + length;
  at++;  // attributes
  at = get_varint(at, end, fields.timestamp_delta);
  if (at == nullptr) return nullptr;
  at = get_short_varint(at, end, fields.offset_delta);
  if (at == nullptr) return nullptr;
  at = get_short_varint(at, end, fields.key_size);
  if (at == nullptr) return nullptr;
  fields.key = at;
  at = skip(at, end, fields.key_size);
  if (at == nullptr) return nullptr;
  at = get_short_varint(at, end, fields.value_size);
  if (at == nullptr) return nullptr;
  fields.value = at;
  at = skip(at, end, fields.value_size);
  if (at == nullptr) return nullptr;
  at = get_short_varint(at, end, fields.header_count);
  if (at == nullptr || fields.header_count < 0) return nullptr;
  fields.headers = at;
  if (fields.header_count > 0) at = skip_headers(at, end, fields.header_count);
  return at == end ? end : nullptr;
}

}  // namespace

bool HeaderReader::next(RecordHeader& header) {
  if (left_ <= 0) return false;
  int32_t size = 0;
  at_ = get_varint(at_, end_, size);
  header.key = text_of({at_, static_cast<size_t>(size)});
  at_ = get_varint(at_ + size, end_, size);
  header.value = view(at_, size);
  at_ = skip(at_, end_, size);
  left_--;
  return true;
}

std::optional<std::optional<Bytes>> last_header(const Record& record, std::string_view name) {
  std::optional<std::optional<Bytes>> last;
  HeaderReader headers(record);
  RecordHeader header;
  while (headers.next(header)) {
    if (header.key == name) last = header.value;
  }
  return last;
}

std::vector<RecordHeader> Record::headers() const {
  std::vector<RecordHeader> headers;
  headers.reserve(static_cast<size_t>(header_count));
  HeaderReader reader(*this);
  RecordHeader header;
  while (reader.next(header)) headers.push_back(header);
  return headers;
}

bool RecordReader::next(Record& record) {
  if (left_ <= 0 || malformed_) return false;
  Fields fields;
  const uint8_t* after = read_record(at_, end_, fields);
  if (after == nullptr) {
    malformed_ = true;
    return false;
  }
  record.timestamp_delta = fields.timestamp_delta;
  record.offset_delta = fields.offset_delta;
  record.key = view(fields.key, fields.key_size);
  record.value = view(fields.value, fields.value_size);
  record.header_count = fields.header_count;
  record.header_bytes = Bytes(fields.headers, after);
  at_ = after;
  left_--;
  return true;
}

Result<void> RecordReader::finished() const {
  if (malformed_) {
    return fail(Code::invalid_record, text("a record is malformed, with ", left_, " to come"));
  }
  if (left_ != 0) return fail(Code::invalid_record, text(left_, " records were not read"));
  if (at_ != end_) {
    return fail(Code::invalid_record, text(end_ - at_, " bytes follow the last record"));
  }
  return {};
}

Result<RecordWalk> walk_records(Bytes payload, int32_t count) {
  const uint8_t* at = payload.data();
  const uint8_t* end = at + payload.size();
  if (count < 0) return fail(Code::invalid_record, text("a batch has ", count, " records"));
  RecordWalk walk;
  walk.timestamp_delta_min = std::numeric_limits<int64_t>::max();
  walk.timestamp_delta_max = std::numeric_limits<int64_t>::min();
  for (int32_t i = 0; i < count; i++) {
    Fields fields;
    at = read_record(at, end, fields);
    if (at == nullptr) return fail(Code::invalid_record, text("record ", i, " is malformed"));
    if (fields.offset_delta != i) {
      return fail(Code::invalid_record,
                  text("record ", i, " has the offset delta ", fields.offset_delta));
    }
    if (fields.timestamp_delta > walk.timestamp_delta_max) {
      walk.timestamp_delta_max = fields.timestamp_delta;
      walk.first_latest = i;
    }
    if (fields.timestamp_delta < walk.timestamp_delta_min) {
      walk.timestamp_delta_min = fields.timestamp_delta;
    }
    walk.records_without_key += fields.key_size < 0 ? 1 : 0;
  }
  if (at != end) return fail(Code::invalid_record, text(end - at, " bytes follow the last record"));
  if (count == 0) walk.timestamp_delta_min = walk.timestamp_delta_max = 0;
  return walk;
}

}  // namespace eventd
