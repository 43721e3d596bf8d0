// SPDX-License-Identifier: Apache-2.0
#include "lib/cluster/image.h"

namespace eventd {

TopicPointer Image::topic(std::string_view name) const {
  auto found = topics->by_name.find(name);
  return found == topics->by_name.end() ? nullptr : found->second;
}

TopicPointer Image::topic(const Uuid& id) const {
  auto found = topics->by_id.find(id);
  return found == topics->by_id.end() ? nullptr : found->second;
}

const ConfigMap& Image::config(ConfigResource type, std::string_view name) const {
  static const ConfigMap kNothing;
  auto found = configs->find({type, std::string(name)});
  return found == configs->end() ? kNothing : found->second;
}

int16_t Image::feature(std::string_view name) const {
  auto found = features.find(name);
  return found == features.end() ? int16_t{0} : found->second;
}

}  // namespace eventd
