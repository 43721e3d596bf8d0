// SPDX-License-Identifier: Apache-2.0
// event-produce: stdin or files into a topic.
#pragma once

namespace eventd {

int event_produce(int argc, char** argv);

}  // namespace eventd
