// SPDX-License-Identifier: MIT
#include "libfs/base/problem.h"

#include "libfs/base/names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace btrkit {

namespace {

std::vector<std::string> place_parts(const Place& place) {
    std::vector<std::string> parts;
    if (!place.path.empty()) {
        parts.push_back(fmt::format("path {}", printable(place.path)));
    }
    if (place.tree) {
        parts.push_back(fmt::format("tree {}", objectid_text(*place.tree)));
    }
    if (place.inode) {
        parts.push_back(fmt::format("inode {}", *place.inode));
    }
    if (place.logical) {
        parts.push_back(place.length ? fmt::format("{} bytes at {}", *place.length, place.logical->bytenr)
                                     : fmt::format("block {}", place.logical->bytenr));
    }
    if (place.mirror) {
        parts.push_back(fmt::format("mirror {}", *place.mirror));
    }
    if (place.slot) {
        parts.push_back(fmt::format("slot {}", *place.slot));
    }
    if (place.key) {
        parts.push_back(fmt::format("key {}", key_text(*place.key)));
    }
    if (!place.device.empty()) {
        parts.push_back(fmt::format("device {}", printable(place.device)));
    }
    if (place.physical) {
        parts.push_back(fmt::format("offset {}", *place.physical));
    }
    return parts;
}

} // namespace

std::string describe(const Problem& problem) {
    const auto& info = problem_info(problem.code);
    std::string line = fmt::format("[{}] {}", info.id, info.meaning);
    if (!problem.detail.empty()) {
        line += ": " + problem.detail;
    }
    if (const auto parts = place_parts(problem.place); !parts.empty()) {
        line += fmt::format(" ({})", fmt::join(parts, ", "));
    }
    return line;
}

} // namespace btrkit
