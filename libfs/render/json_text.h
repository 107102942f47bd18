// SPDX-License-Identifier: MIT
// Documents of JSON as they are printed.
#pragma once

#include "libfs/render/fields_json.h"

#include <string>

namespace btrkit {

/// Indented by two spaces, with NAME_exact where numbers need it (exact_number.h). Text that is no UTF-8 and was not
/// set by set_text() does not end a tool: its bytes are replaced.
std::string json_text(Json document);
/// The same in one line, for what is printed line by line.
std::string json_line(Json object);

} // namespace btrkit
