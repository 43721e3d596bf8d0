// SPDX-License-Identifier: Apache-2.0
// event-consume and event-replay: topics to stdout or into a file, from here to there.
#pragma once

namespace eventd {

int event_consume(int argc, char** argv);
int event_replay(int argc, char** argv);

}  // namespace eventd
