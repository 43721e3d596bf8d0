// SPDX-License-Identifier: Apache-2.0
// event-admin: topics, offsets, brokers; changes give a line for each item.
#pragma once

namespace eventd {

int event_admin(int argc, char** argv);

}  // namespace eventd
