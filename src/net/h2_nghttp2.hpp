// What those who speak to nghttp2 share. Internal to src/net/h2*.cpp.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <memory>
#include <string_view>

namespace causeway::net {

struct H2SessionFree {
  void operator()(nghttp2_session* session) const noexcept { nghttp2_session_del(session); }
};
struct H2CallbacksFree {
  void operator()(nghttp2_session_callbacks* made) const noexcept {
    nghttp2_session_callbacks_del(made);
  }
};
struct H2OptionFree {
  void operator()(nghttp2_option* made) const noexcept { nghttp2_option_del(made); }
};
using H2SessionPtr = std::unique_ptr<nghttp2_session, H2SessionFree>;
using H2CallbacksPtr = std::unique_ptr<nghttp2_session_callbacks, H2CallbacksFree>;
using H2OptionPtr = std::unique_ptr<nghttp2_option, H2OptionFree>;

// As SETTINGS_MAX_HEADER_LIST_SIZE counts each field (RFC 9113 6.5.2).
inline constexpr std::size_t kH2FieldOverhead = 32;

inline std::string_view h2_view(const std::uint8_t* bytes, std::size_t length) {
  return {reinterpret_cast<const char*>(bytes), length};
}

// nghttp2 copies both (NGHTTP2_NV_FLAG_NONE), writes names in lower case
// (nghttp2_submit_response(3)) and does not write to them, whatever the type says.
inline nghttp2_nv h2_field(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace causeway::net
