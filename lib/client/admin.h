// SPDX-License-Identifier: Apache-2.0
// What tools ask a cluster beside records: changes, which are the controller's, and configs.
//
// A request that reached somebody who is not the controller (any more), or not ready yet, is sent
// again until the request timeout is over. Belongs to the loop of its client, which outlives it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/client/client.h"

namespace eventd {

enum class ResourceType : int8_t { topic = 2, broker = 4, group = 32 };

struct Resource {
  ResourceType type = ResourceType::topic;
  std::string name;
  auto operator<=>(const Resource&) const = default;
};

struct ConfigEntry {
  std::string key;
  std::optional<std::string> value;  // nothing: it is kept secret
  int8_t source = 0;                 // as DescribeConfigs has it
  bool sensitive = false;
};

struct ResourceConfigs {
  Resource resource;
  Error error{Code::none, "", 0};
  std::vector<ConfigEntry> entries;  // by key
};

// Kafka's name, "DYNAMIC_TOPIC_CONFIG".
std::string_view name_of_source(int8_t source);
// Of what is set on the resource itself.
std::string_view name_of_own_source(const Resource& resource);
// Whether it was set on the resource itself, and not inherited.
bool is_own(const Resource& resource, const ConfigEntry& entry);

// A config to set, or to unset where there is no value.
struct ConfigAssignment {
  std::string key;
  std::optional<std::string> value;
  bool operator==(const ConfigAssignment&) const = default;
};

// What became of a request. The answer of one that was sent again after the answer to the first
// was lost may speak of what the first one has done.
template <class Response>
struct AdminAnswer {
  Answer<Response> answer;
  bool asked_twice = false;
};

class Admin {
 public:
  explicit Admin(Client& client) : client_(client) {}

  Client& client() { return client_; }

  // Sends it to the controller. `*request` is kept by the caller until it is answered.
  template <class Request>
  Task<Result<AdminAnswer<typename Request::Response>>> ask_controller(const Request* request);
  // Of any broker, or of the one with that number.
  template <class Request>
  Task<Result<Answer<typename Request::Response>>> ask(const Request* request,
                                                       std::optional<int32_t> broker);

  // All configs, or those of `keys`. Each broker is asked about itself. What is wrong with a
  // resource stands there.
  Task<Result<std::vector<ResourceConfigs>>> describe_configs(
      std::vector<Resource> resources, std::vector<std::string> keys);
  // Changes some configs of one resource, and leaves the others. Brokers before 2.3 can only
  // replace all, which loses what another sets at the same time.
  Task<Result<void>> alter_configs(Resource resource, std::vector<ConfigAssignment> changes,
                                   bool validate_only);
  // Resources of a type that have configs: groups, from 4.1 on.
  Task<Result<std::vector<std::string>>> list_resources(ResourceType type);

 private:
  Task<Result<std::shared_ptr<ClientConnection>>> connection_to(std::optional<int32_t> broker);
  Task<Result<void>> describe_some(std::vector<Resource> resources, std::vector<std::string> keys,
                                   std::vector<ResourceConfigs>* found);
  template <class Request>
  Task<Result<void>> send_alteration(const Request* request, Resource resource);
  Task<Result<void>> replace_configs(Resource resource, std::vector<ConfigAssignment> changes,
                                     bool validate_only);

  Client& client_;
};

// Whether whoever answers this is the wrong one to ask, or not ready yet.
bool asks_to_come_again(Code code);
// The broker that a resource is asked of; nothing: any.
std::optional<int32_t> broker_of(const Resource& resource);

// Whether every item of an answer says so: it is the answerer who is not ready, not an item.
template <class Response>
bool all_come_again(const Response& response) {
  auto of_items = [](const auto& items) {
    if (items.empty()) return false;
    for (const auto& item : items) {
      if (!asks_to_come_again(Code{item.error_code})) return false;
    }
    return true;
  };
  if constexpr (requires { response.topics.front().error_code; }) {
    return of_items(response.topics);
  } else if constexpr (requires { response.results; }) {
    return of_items(response.results);
  } else {
    return of_items(response.responses);
  }
}

template <class Request>
Task<Result<AdminAnswer<typename Request::Response>>> Admin::ask_controller(
    const Request* request) {
  using Response = typename Request::Response;
  Instant give_up = client_.request_deadline();
  bool was_there = false;
  bool lost = false;
  for (size_t failures = 1;; failures++) {
    Result<std::shared_ptr<ClientConnection>> connection = co_await client_.controller_or_any();
    // Nobody there at all is said at once; one that was there may come back.
    if (!connection && !was_there) co_return pass(connection);
    std::optional<Error> error;
    if (connection) {
      was_there = true;
      // The broker needs as long as the request allows it, and the answer comes after that.
      Instant deadline = client_.request_deadline() + client_.config().request_timeout;
      auto answer = co_await (*connection)->ask(*request, deadline);
      bool is_final = answer && !all_come_again(answer->message);
      if (is_final || (answer && client_.loop().now() >= give_up)) {
        AdminAnswer<Response> told{std::move(*answer), lost};
        co_return std::move(told);
      }
      if (!answer) {
        if (remedy_for(answer.error().code) == Remedy::give_up) co_return pass(answer);
        lost = true;
        error = answer.error();
      }
    } else {
      error = connection.error();
    }
    if (error && client_.loop().now() >= give_up) co_return std::unexpected(*error);
    co_await client_.pause(failures);
  }
}

template <class Request>
Task<Result<Answer<typename Request::Response>>> Admin::ask(const Request* request,
                                                            std::optional<int32_t> broker) {
  Result<std::shared_ptr<ClientConnection>> connection = co_await connection_to(broker);
  if (!connection) co_return pass(connection);
  Instant deadline = client_.request_deadline();
  auto answer = co_await (*connection)->ask(*request, deadline);
  co_return std::move(answer);
}

}  // namespace eventd
