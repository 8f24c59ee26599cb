// Lists of addresses inside web servers' configurations that stop the edge after its connection is
// accepted (403), and what mends them in place. Pure.
//
// Left alone and named: a list that lets in nobody of the edge on purpose (an office's own pages).
// Where the server sees visitors' own addresses (real-IP) its lists are about visitors, not about
// the edge, and nothing is changed in them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "guard/blocks.hpp"
#include "inspect/access.hpp"
#include "inspect/server_config.hpp"

namespace causeway::guard {

struct WebQuestion {
  std::string edge;  // its name
  std::vector<Prefix> ranges;
  bool real_ip = false;  // have visitors' own addresses told where they are not yet
};

struct WebLists {
  std::map<std::string, std::vector<Edit>> edits;  // by path
  std::vector<std::string> gains;                  // what each edit lets in, for a person
  std::vector<std::string> left;                   // what stops the edge and stays
};

// Texts without blocks of guard's own; `texts` holds every file that the includes name, by path.
using Texts = std::map<std::string, std::string, std::less<>>;
WebLists nginx_lists(const std::vector<inspect::Directive>& all, const Texts& texts,
                     const WebQuestion& question);
WebLists apache_lists(const std::vector<inspect::Directive>& all, const Texts& texts,
                      std::string_view main, const WebQuestion& question);

// Where the edge tells the visitor's address.
std::string_view visitor_field(std::string_view edge);

// --- for both ---

// Prefixes among words; "all" is told apart by the caller.
std::vector<Prefix> prefixes_in(const std::vector<std::string>& words);
bool overlaps(const Prefix& a, const Prefix& b);
bool inside_any(const Prefix& one, const std::vector<Prefix>& ranges);
bool overlaps_any(const Prefix& one, const std::vector<Prefix>& others);
// Those of `ranges` that no one of `others` covers whole.
std::vector<Prefix> not_covered(const std::vector<Prefix>& ranges,
                                const std::vector<Prefix>& others);
// The blanks in front of what stands at `at`.
std::string indent_at(std::string_view text, std::size_t at);

}  // namespace causeway::guard
