// SPDX-License-Identifier: MIT
// What all documents of JSON have in common: their header, and how they are written.
#pragma once

#include "libfs/render/fields_json.h"

#include <string>

namespace btrkit::apps {

/// A document of a tool. docs/schemas/NAME.json is the schema of what has that name in its header.
struct Document {
    std::string_view tool; ///< "btrkit-check"
    std::string_view name; ///< "check"
    unsigned version = 1;  ///< raised by changes that are not additive
};

/// {"__header": {"version", "tool", "document"}}, for the rest to be added.
Json begin_document(const Document& document);

/// A document as it is printed: indented by two spaces, with NAME_exact where numbers need it (exact_number.h).
std::string document_text(Json document);
/// The same in one line, for what is printed line by line; the first of them is begin_document().
std::string document_line(Json object);

} // namespace btrkit::apps
