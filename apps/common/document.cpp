// SPDX-License-Identifier: MIT
#include "apps/common/document.h"

#include "apps/common/version.h"
#include "libfs/render/exact_number.h"

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

/// indent -1: all in one line. Text that is no UTF-8 and was not set by set_text() must not end a tool.
std::string written(Json document, int indent) {
    add_exact_numbers(document);
    return document.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace

Json begin_document(const Document& document) {
    return {{"__header",
             {{"version", document.version},
              {"tool", fmt::format("{} {}", document.tool, version())},
              {"document", document.name}}}};
}

std::string document_text(Json document) {
    return written(std::move(document), 2);
}

std::string document_line(Json object) {
    return written(std::move(object), -1);
}

} // namespace btrkit::apps
