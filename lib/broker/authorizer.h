// SPDX-License-Identifier: Apache-2.0
// Who may do what. Every request passes here; this authorizer allows everything, because without
// authentication there is nobody to tell apart.
#pragma once

#include <string>
#include <string_view>

namespace eventd {

// Kafka's numbers (AclOperation, ResourceType).
enum class Operation : int8_t {
  read = 3,
  write = 4,
  create = 5,
  remove = 6,
  alter = 7,
  describe = 8,
  cluster_action = 9,
  describe_configs = 10,
  alter_configs = 11,
  idempotent_write = 12,
};
enum class ResourceType : int8_t {
  any = 1,
  topic = 2,
  group = 3,
  cluster = 4,
  transactional_id = 5
};

// What a row of the handler table demands. Per item: the handler asks for each topic or group
// itself. Cluster: asked once, before the handler. Open: anybody, before authentication too.
struct Right {
  enum class Scope { open, per_item, cluster };
  Scope scope;
  Operation operation;

  static constexpr Right open() { return {Scope::open, Operation::describe}; }
  static constexpr Right per_item(Operation operation) { return {Scope::per_item, operation}; }
  static constexpr Right cluster(Operation operation) { return {Scope::cluster, operation}; }
};

struct Principal {
  std::string type = "User";
  std::string name = "ANONYMOUS";
};

class Authorizer {
 public:
  virtual ~Authorizer() = default;
  // Any thread.
  virtual bool allows(const Principal& principal, Operation operation, ResourceType type,
                      std::string_view name) const = 0;
};

class AllowAll : public Authorizer {
 public:
  bool allows(const Principal&, Operation, ResourceType, std::string_view) const override {
    return true;
  }
};

}  // namespace eventd
