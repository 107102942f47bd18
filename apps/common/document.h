// SPDX-License-Identifier: MIT
// What all documents of JSON have in common: their header.
#pragma once

#include "libfs/render/json_text.h"

namespace btrkit::apps {

/// A document of a tool. docs/schemas/NAME.json is the schema of what has that name in its header.
struct Document {
    std::string_view tool; ///< "btrkit-check"
    std::string_view name; ///< "check"
    unsigned version = 1;  ///< raised by changes that are not additive
};

/// {"__header": {"version", "tool", "document"}}, for the rest to be added; where a document is lines, the first of
/// them.
Json begin_document(const Document& document);

} // namespace btrkit::apps
