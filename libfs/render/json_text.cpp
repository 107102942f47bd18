// SPDX-License-Identifier: MIT
#include "libfs/render/json_text.h"

#include "libfs/render/exact_number.h"

namespace btrkit {

namespace {

/// indent -1: all in one line.
std::string dumped(Json document, int indent) {
    add_exact_numbers(document);
    return document.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace

std::string json_text(Json document) {
    return dumped(std::move(document), 2);
}

std::string json_line(Json object) {
    return dumped(std::move(object), -1);
}

} // namespace btrkit
