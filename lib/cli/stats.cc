// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/stats.h"

#include <unistd.h>

#include "lib/base/text.h"
#include "lib/cli/text/event_json.h"

namespace eventd {

std::string to_json(const RunStats& stats) {
  std::string out = text("{\"records\":", stats.records, ",\"bytes\":", stats.bytes,
                         ",\"failed\":", stats.failed, ",\"ended_by\":");
  append_json_string(out, stats.ended_by);
  out += ",\"partitions\":[";
  for (const RunStats::Range& range : stats.partitions) {
    if (out.back() != '[') out += ',';
    out += "{\"topic\":";
    append_json_string(out, range.partition.topic);
    out += text(",\"partition\":", range.partition.partition, ",\"from\":", range.from,
                ",\"until\":", range.until, "}");
  }
  out += "]}\n";
  return out;
}

void print(const RunStats& stats) {
  std::string out = to_json(stats);
  (void)!write(STDERR_FILENO, out.data(), out.size());  // there is nowhere else to say it
}

}  // namespace eventd
