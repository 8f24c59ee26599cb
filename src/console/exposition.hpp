// Prometheus' text format 0.0.4, written line by line.
#pragma once

#include <string>
#include <string_view>

namespace causeway::console {

std::string label_value(std::string_view text);  // with its escapes

class Exposition {
 public:
  // Begins a metric; what follows are its samples. `type`: gauge | counter.
  void begin(std::string_view name, std::string_view type, std::string_view help);
  void sample(double value, std::string_view labels = {});
  void single(std::string_view name, std::string_view help, double value);  // a gauge of one sample
  std::string take() { return std::move(text_); }

 private:
  std::string name_;
  std::string text_;
};

}  // namespace causeway::console
