#include "model/localhost.hpp"

#include "base/text.hpp"

namespace causeway::model {

bool is_localhost(std::string_view name) {
  return equals_ignoring_case(name, "localhost") || lower(name).ends_with(".localhost");
}

}  // namespace causeway::model
