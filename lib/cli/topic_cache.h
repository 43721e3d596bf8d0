// SPDX-License-Identifier: Apache-2.0
// Names of topics that completions offer: kept when a tool learns them, because a shell that
// completes must not wait for a broker.
//
//   $XDG_CACHE_HOME/event/topics/HOST:PORT,..   one name a line, sorted; only the user reads it
//
// The file is replaced as a whole, and only where it changes; of many files the oldest go. Nothing
// here can fail a run: where there is no home, no room or no right, there is no cache.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "lib/client/client.h"
#include "lib/net/address.h"

namespace eventd {

// Of the cluster behind those brokers; "" where there is no place for it, and for the broker of an
// `eventd run` that we are the command of: nobody asks that one again, EVENT_RUN_BROKER names it.
std::string topic_cache_path(std::span<const Address> brokers);

// What a broker said of `topics`: those that are there are added, those that are unknown removed;
// `all`: there are no others. Internal topics are left out.
void remember_topics(const std::string& path, const std::vector<TopicInfo>& topics, bool all);

}  // namespace eventd
