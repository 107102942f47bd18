// SPDX-License-Identifier: MIT
// What a receiver has by now (internal to libfs/ops/verify_stream).
#pragma once

#include "libfs/ops/verify_stream/verify_stream.h"

#include <map>

namespace btrkit::verify_stream {

/// The subvolumes of all streams so far.
class KnownSubvolumes {
public:
    void add(const Origin& origin, std::size_t input) { inputs_.try_emplace(key_of(origin), input); }

    /// The first input that has it.
    std::optional<std::size_t> find(const Origin& origin) const {
        const auto found = inputs_.find(key_of(origin));
        return found == inputs_.end() ? std::nullopt : std::optional(found->second);
    }

    /// The generation that is there of the same subvolume, where it is another than the one that is asked for.
    std::optional<u64> other_generation(const Origin& origin) const {
        const auto found = inputs_.lower_bound({origin.uuid.bytes, 0});
        const bool is_there = found != inputs_.end() && found->first.first == origin.uuid.bytes;
        return is_there ? std::optional(found->first.second) : std::nullopt;
    }

private:
    using Key = std::pair<std::array<u8, 16>, u64>;
    static Key key_of(const Origin& origin) { return {origin.uuid.bytes, origin.ctransid}; }

    std::map<Key, std::size_t> inputs_;
};

} // namespace btrkit::verify_stream
