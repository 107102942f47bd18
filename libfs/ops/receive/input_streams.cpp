// SPDX-License-Identifier: MIT
#include "libfs/ops/receive/input_streams.h"

#include "libfs/base/names.h"
#include "libfs/stream/without_data.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace btrkit::receive {

namespace {

using btrfs::send::Attribute;
using btrfs::send::Command;
using btrfs::send::Origin;

/// Of each input: nobody has so many.
constexpr std::size_t most_relations = 100'000;

/// What an input brings, and what it stands on.
class Relations {
public:
    void add(const StreamCommand& command) {
        if (command.has(Attribute::uuid)) {
            keep(brought_, command.origin());
        }
        if (command.has(Attribute::clone_uuid)) {
            keep(needed_, command.clone_origin());
        }
    }
    bool needs(const Relations& other) const {
        return std::ranges::any_of(other.brought_, [&](const auto& each) { return needed_.contains(each); });
    }

private:
    using Origins = std::set<std::pair<std::array<u8, 16>, u64>>;

    static void keep(Origins& origins, const Origin& origin) {
        if (origins.size() < most_relations) {
            origins.emplace(origin.uuid.bytes, origin.ctransid);
        }
    }

    Origins brought_;
    Origins needed_;
};

struct RelatedStream {
    InputStream stream;
    Relations relations;
};

Result<void> read_first(InputStream& stream) {
    BTRKIT_TRY_ASSIGN(const auto version, stream.decoder.begin_stream());
    if (version) {
        BTRKIT_TRY_ASSIGN(stream.first, stream.decoder.next());
    }
    return {};
}

/// Of all its commands, up to where something is wrong: that is told when it is received.
Relations read_relations(const ByteSourceAt& bytes) {
    Relations relations;
    Decoder decoder((WithoutData(bytes)));
    for (auto version = decoder.begin_stream(); version && *version; version = decoder.begin_stream()) {
        for (bool is_over = false; !is_over;) {
            const auto command = decoder.next();
            if (!command) {
                return relations;
            }
            relations.add(*command);
            is_over = command->command() == Command::end;
        }
    }
    return relations;
}

/// Each behind what it needs, otherwise as they were. What stands on itself in a circle stays as it was.
std::vector<InputStream> in_order(std::vector<RelatedStream> streams) {
    std::vector<InputStream> ordered;
    while (!streams.empty()) {
        const auto is_ready = [&](const RelatedStream& child) {
            return std::ranges::none_of(
                streams, [&](const auto& other) { return &other != &child && child.relations.needs(other.relations); });
        };
        auto next = std::ranges::find_if(streams, is_ready);
        next = next == streams.end() ? streams.begin() : next;
        ordered.push_back(std::move(next->stream));
        streams.erase(next);
    }
    return ordered;
}

} // namespace

std::unexpected<Error> in_input(const Error& error, const std::string& name, std::size_t input_count) {
    return fail(error.kind, input_count > 1 ? fmt::format("{}: {}", printable(name), error.message) : error.message);
}

Result<std::vector<InputStream>> open_streams(std::span<const StreamSource> inputs) {
    std::vector<RelatedStream> streams;
    for (const auto& input : inputs) {
        auto& [stream, relations] = streams.emplace_back(
            RelatedStream{.stream = {.name = input.name, .decoder = Decoder(input.source)}, .relations = {}});
        if (inputs.size() == 1) {
            break; // nothing is read before it is wanted
        }
        if (const auto read = read_first(stream); !read) {
            return in_input(read.error(), input.name, inputs.size());
        }
        if (input.at) {
            relations = read_relations(input.at);
        } else if (stream.first) {
            relations.add(*stream.first);
        }
    }
    return in_order(std::move(streams));
}

} // namespace btrkit::receive
