// SPDX-License-Identifier: MIT
#include "libfs/ops/receive/input_streams.h"

#include "libfs/base/names.h"

#include <algorithm>

#include <fmt/format.h>

namespace btrkit::receive {

namespace {

using btrfs::send::Attribute;

bool is_parent_of(const InputStream& parent, const InputStream& child) {
    return parent.first && child.first && child.first->has(Attribute::clone_uuid) &&
           parent.first->has(Attribute::uuid) &&
           parent.first->uuid(Attribute::uuid) == child.first->uuid(Attribute::clone_uuid) &&
           parent.first->integer(Attribute::ctransid) == child.first->integer(Attribute::clone_ctransid);
}

Result<void> read_first(InputStream& stream) {
    BTRKIT_TRY_ASSIGN(const auto version, stream.decoder.begin_stream());
    if (version) {
        BTRKIT_TRY_ASSIGN(stream.first, stream.decoder.next());
    }
    return {};
}

/// Each behind its parent, otherwise as they were. What stands on itself in a circle stays as it was.
std::vector<InputStream> in_order(std::vector<InputStream> streams) {
    std::vector<InputStream> ordered;
    while (!streams.empty()) {
        const auto is_ready = [&](const InputStream& child) {
            return std::ranges::none_of(streams, [&](const auto& parent) { return is_parent_of(parent, child); });
        };
        auto next = std::ranges::find_if(streams, is_ready);
        next = next == streams.end() ? streams.begin() : next;
        ordered.push_back(std::move(*next));
        streams.erase(next);
    }
    return ordered;
}

} // namespace

std::unexpected<Error> in_input(const Error& error, const std::string& name, std::size_t input_count) {
    return fail(error.kind, input_count > 1 ? fmt::format("{}: {}", printable(name), error.message) : error.message);
}

Result<std::vector<InputStream>> open_streams(std::span<const Input> inputs) {
    std::vector<InputStream> streams;
    for (const auto& input : inputs) {
        streams.push_back({.name = input.name, .decoder = Decoder(input.source)});
    }
    if (streams.size() == 1) {
        return streams; // nothing is read before it is wanted
    }
    for (auto& stream : streams) {
        if (const auto read = read_first(stream); !read) {
            return in_input(read.error(), stream.name, streams.size());
        }
    }
    return in_order(std::move(streams));
}

} // namespace btrkit::receive
