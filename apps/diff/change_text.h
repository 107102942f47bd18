// SPDX-License-Identifier: MIT
// A difference as a line of text or of JSON.
#pragma once

#include "libfs/ops/diff/diff.h"

#include <array>
#include <string>
#include <string_view>

namespace btrkit::apps {

/// By the number of the aspect.
inline constexpr std::array<std::string_view, diff::aspect_count> aspect_words = {
    "type", "data", "target", "device", "mode", "owner", "mtime", "xattrs", "flags"};

/// "changed /a/b: data mtime"; the path of a directory ends in '/'.
std::string change_text(const diff::Change& change);
/// docs/json-schema-diff.md
std::string change_json_line(const diff::Change& change);

} // namespace btrkit::apps
