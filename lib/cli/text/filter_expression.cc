// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/text/filter_expression.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/text.h"
#include "lib/cli/position.h"
#include "lib/cli/text/filter_operand.h"
#include "lib/cli/text/json_text.h"
#include "lib/cli/text/pattern.h"

namespace eventd {

namespace {

enum class Op { equal, unequal, less, less_equal, greater, greater_equal, match, no_match };

// Longer ones before those they begin with.
constexpr std::pair<std::string_view, Op> kOps[] = {
    {"==", Op::equal}, {"!=", Op::unequal},       {"!~", Op::no_match}, {"<=", Op::less_equal},
    {"<", Op::less},   {">=", Op::greater_equal}, {">", Op::greater},   {"~", Op::match},
};

constexpr std::pair<std::string_view, FilterField::Kind> kFields[] = {
    {"topic", FilterField::Kind::topic},   {"partition", FilterField::Kind::partition},
    {"offset", FilterField::Kind::offset}, {"timestamp", FilterField::Kind::timestamp},
    {"size", FilterField::Kind::size},     {"key", FilterField::Kind::key},
    {"value", FilterField::Kind::value},   {"header", FilterField::Kind::header},
    {"json", FilterField::Kind::json},
};

constexpr int kNestedMost = 100;  // evaluation goes as deep as this, on the stack

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

}  // namespace

// "any" and "all" have children; "opposite" has one; a test has the rest.
struct FilterExpression::Node {
  enum class Kind { any, all, opposite, test };
  Kind kind = Kind::test;
  std::vector<Node> children = {};

  FilterField field = {};
  Op op = Op::equal;
  FilterOperand literal = {};  // a string is a view of `string`
  std::string string = {};
  std::optional<Pattern> pattern = {};

  bool holds(const FetchedRecord& record) const;
  bool compares(const FetchedRecord& record) const;
};

namespace {

using Node = FilterExpression::Node;

// Reads an expression from left to right, a function for each line of the grammar.
class Parser {
 public:
  Parser(std::string_view expression, WallTime now) : left_(expression), now_(now) {}

  Result<Node> parse() {
    Result<Node> root = parse_any();
    if (!root) return root;
    skip_space();
    if (!left_.empty()) return bad("here comes && or ||, or the end");
    return root;
  }

 private:
  std::unexpected<Error> bad(std::string_view why) const {
    std::string_view rest = left_.substr(0, 40);
    std::string place = rest.empty() ? "at the end" : text("at '", printable(rest), "'");
    return fail(Code::bad_usage, text("--where: ", place, ": ", why));
  }

  void skip_space() {
    size_t size = left_.find_first_not_of(" \t\r\n");
    left_.remove_prefix(std::min(size, left_.size()));
  }
  bool take(std::string_view token) {
    skip_space();
    if (!left_.starts_with(token)) return false;
    left_.remove_prefix(token.size());
    return true;
  }

  Result<Node> parse_any() { return parse_list(Node::Kind::any, "||", &Parser::parse_all); }
  Result<Node> parse_all() { return parse_list(Node::Kind::all, "&&", &Parser::parse_test); }

  Result<Node> parse_list(Node::Kind kind, std::string_view separator,
                          Result<Node> (Parser::*parse_item)()) {
    Node list{.kind = kind};
    do {
      Result<Node> item = (this->*parse_item)();
      if (!item) return item;
      list.children.push_back(std::move(*item));
    } while (take(separator));
    if (list.children.size() > 1) return list;
    Node only = std::move(list.children.front());
    return only;
  }

  Result<Node> parse_test() {
    skip_space();
    bool is_opposite = left_.starts_with('!');
    bool is_group = left_.starts_with('(');
    if (!is_opposite && !is_group) return parse_comparison();
    if (depth_ == kNestedMost) return bad(text("nested deeper than ", kNestedMost));
    left_.remove_prefix(1);
    depth_++;
    Result<Node> inner = is_group ? parse_any() : parse_test();
    depth_--;
    if (!inner) return inner;
    if (is_group) {
      if (!take(")")) return bad("here comes )");
      return inner;
    }
    Node opposite{.kind = Node::Kind::opposite};
    opposite.children.push_back(std::move(*inner));
    return opposite;
  }

  Result<Node> parse_comparison() {
    Node test;
    Result<void> taken = take_field(test.field);
    if (!taken) return pass(taken);
    taken = take_op(test.op);
    if (!taken) return pass(taken);
    taken = take_literal(test);
    if (!taken) return pass(taken);
    bool matches = test.op == Op::match || test.op == Op::no_match;
    if (matches && test.literal.kind == FilterOperand::Kind::string) {
      Result<Pattern> pattern = Pattern::compile(test.string);
      if (!pattern) return pass(pattern, "--where");
      test.pattern = std::move(*pattern);
    }
    return test;
  }

  std::string_view take_word() {
    size_t size = 0;
    while (size < left_.size() && is_name(left_[size])) size++;
    std::string_view word = left_.substr(0, size);
    left_.remove_prefix(size);
    return word;
  }

  // A name behind a dot: a word, or a string.
  Result<std::string> take_name() {
    if (left_.starts_with('"')) return take_string();
    std::string_view word = take_word();
    if (word.empty()) return bad("here comes a name");
    return std::string(word);
  }

  Result<void> take_field(FilterField& field) {
    skip_space();
    std::string_view before = left_;
    std::string_view word = take_word();
    auto known = std::ranges::find(kFields, word, [](const auto& known) { return known.first; });
    if (known == std::end(kFields)) {
      left_ = before;
      return bad(
          "here comes a field: topic, partition, offset, timestamp, size, key, value, "
          "header.NAME or json.NAME");
    }
    field.kind = known->second;
    bool is_json = field.kind == FilterField::Kind::json;
    if (!is_json && field.kind != FilterField::Kind::header) return {};
    do {
      if (!left_.starts_with('.')) return bad("here comes a dot and a name");
      left_.remove_prefix(1);
      Result<std::string> name = take_name();
      if (!name) return pass(name);
      field.path.push_back(std::move(*name));
    } while (is_json && left_.starts_with('.'));
    return {};
  }

  Result<void> take_op(Op& op) {
    for (const auto& [token, known] : kOps) {
      if (!take(token)) continue;
      op = known;
      return {};
    }
    return bad("here comes == != < <= > >= ~ or !~");
  }

  Result<std::string> take_string() {
    size_t end = 1;
    while (end < left_.size() && left_[end] != '"') end += left_[end] == '\\' ? 2 : 1;
    if (end >= left_.size()) return bad("a string without its end");
    auto decoded = decode_json_string(left_.substr(1, end - 1));
    if (!decoded) return bad("a string with an escape that JSON does not know");
    left_.remove_prefix(end + 1);
    return std::move(*decoded);
  }

  Result<void> take_literal(Node& test) {
    skip_space();
    FilterOperand& literal = test.literal;
    if (left_.starts_with('"')) {
      Result<std::string> string = take_string();
      if (!string) return pass(string);
      test.string = std::move(*string);
      literal.kind = FilterOperand::Kind::string;
      return {};
    }
    std::string_view word = left_.substr(0, left_.find_first_of(" \t\r\n()&|"));
    if (word == "true" || word == "false") {
      literal = {.kind = FilterOperand::Kind::boolean, .boolean = word == "true"};
    } else if (word.starts_with('@')) {
      Result<int64_t> time = parse_time_ms(word.substr(1), now_);
      if (!time) return pass(time, "--where");
      literal = {.kind = FilterOperand::Kind::number, .number = {.integer = *time}};
    } else if (auto number = FilterNumber::parse(word)) {
      literal = {.kind = FilterOperand::Kind::number, .number = *number};
    } else if (word != "null") {
      return bad("here comes a number, a \"string\", true, false, null or @time");
    }
    left_.remove_prefix(word.size());
    return {};
  }

  std::string_view left_;
  const WallTime now_;
  int depth_ = 0;
};

}  // namespace

bool FilterExpression::Node::holds(const FetchedRecord& record) const {
  auto child_holds = [&](const Node& child) { return child.holds(record); };
  switch (kind) {
    case Kind::any:
      return std::ranges::any_of(children, child_holds);
    case Kind::all:
      return std::ranges::all_of(children, child_holds);
    case Kind::opposite:
      return !children.front().holds(record);
    case Kind::test:
      return compares(record);
  }
  return false;
}

bool FilterExpression::Node::compares(const FetchedRecord& record) const {
  std::string decoded;
  FilterOperand left = operand_of(field, record, decoded);
  FilterOperand right = literal;
  right.string = string;  // not kept as a view: nodes move
  auto ordered = [&](auto holds) {
    std::optional<int> order = left.compare(right);
    return order && holds(*order);
  };
  auto matches = [&] {
    return left.kind == FilterOperand::Kind::string && pattern && pattern->found_in(left.string);
  };
  switch (op) {
    case Op::equal:
      return left.equals(right);
    case Op::unequal:
      return !left.equals(right);
    case Op::less:
      return ordered([](int order) { return order < 0; });
    case Op::less_equal:
      return ordered([](int order) { return order <= 0; });
    case Op::greater:
      return ordered([](int order) { return order > 0; });
    case Op::greater_equal:
      return ordered([](int order) { return order >= 0; });
    case Op::match:
      return matches();
    case Op::no_match:
      return !matches();
  }
  return false;
}

Result<FilterExpression> FilterExpression::compile(std::string_view expression, WallTime now) {
  Result<Node> root = Parser(expression, now).parse();
  if (!root) return pass(root);
  FilterExpression compiled;
  compiled.root_ = std::make_shared<const Node>(std::move(*root));
  return compiled;
}

bool FilterExpression::holds(const FetchedRecord& record) const { return root_->holds(record); }

}  // namespace eventd
