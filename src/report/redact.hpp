// Hides in a text what is nobody else's business, and keeps the rest readable: the same value gets
// the same label everywhere ("[token 1]"), so that two lines about one thing still tell that they
// are.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"
#include "model/diagnosis.hpp"

namespace causeway::report {

enum class Hidden : std::uint8_t {
  token,     // passwords, keys, cookies, Authorization, query values with telling names: always
  mail,      // e-mail addresses
  user,      // names in /home/NAME and user:password@
  network,   // private addresses: of this machine, of the inside of a network
  address,   // every other address that is not the origin's, an edge's or a router's on the way
  name,      // host names other than the site's
  own_rule,  // of the rules file
};
std::string_view name(Hidden kind);
Parsed<std::vector<Hidden>> hidden_kinds(std::string_view list);  // "mail,user,network"

// One rule a line; "#" begins a comment.
//   hide TEXT       wherever it stands
//   hide-after TEXT up to the next blank, comma, quotation mark or end of line
//   keep TEXT       never hidden, whatever the kind (tokens excepted)
struct Rules {
  std::vector<Hidden> kinds{Hidden::token, Hidden::mail, Hidden::user, Hidden::network};
  std::vector<std::string> hide;
  std::vector<std::string> hide_after;
  std::vector<std::string> keep;

  bool hides(Hidden kind) const;
};
// Adds what the text says. The error leads with "FILE:LINE:COLUMN".
Parsed<bool> read_rules(std::string_view text, std::string_view file, Rules& into);

struct Found {  // one value that was hidden
  Hidden kind = Hidden::token;
  std::string value;
  std::string label;  // "[token 1]"
  std::uint64_t count = 0;
  std::string where;  // the first place
};

class Redactor {
 public:
  explicit Redactor(Rules rules);

  // Addresses and names that the report is about: they stay.
  void keep_address(const IpAddress& address);
  void keep_name(std::string_view host);

  // `where` names the place, for the preview.
  std::string text(std::string_view text, std::string_view where);
  model::Diagnosis diagnosis(const model::Diagnosis& diagnosis);

  // In the order they were met.
  const std::vector<Found>& found() const { return found_; }

 private:
  struct Span {
    std::size_t from = 0;
    std::size_t length = 0;
    Hidden kind = Hidden::token;
  };
  void find_tokens(std::string_view text, std::vector<Span>& out) const;
  void find_mail_and_users(std::string_view text, std::vector<Span>& out) const;
  void find_addresses(std::string_view text, std::vector<Span>& out) const;
  void find_names(std::string_view text, std::vector<Span>& out) const;
  void find_own(std::string_view text, std::vector<Span>& out) const;
  bool kept(std::string_view value) const;
  const std::string& label(Hidden kind, std::string_view value, std::string_view where);

  Rules rules_;
  std::vector<IpAddress> addresses_;
  std::vector<std::string> names_;
  std::vector<Found> found_;
  std::map<std::string, std::size_t, std::less<>> places_;
  std::map<Hidden, int> numbers_;
};

// The addresses and names that a diagnosis is about: the origin's, routers' on the way, the edge's.
void keep_subjects(Redactor& redactor, const model::Diagnosis& diagnosis);

}  // namespace causeway::report
