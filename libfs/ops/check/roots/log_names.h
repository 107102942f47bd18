// SPDX-License-Identifier: MIT
// Whether the names that a log brings fit each other: a place in the index of a directory is given once.
#pragma once

#include "libfs/fs/name_items.h"
#include "libfs/ops/check/context.h"

#include <map>
#include <string>

namespace btrkit::check {

/// Of one log. Memory goes with its names, which are as many as were synced since the last commit.
class LogNames {
public:
    explicit LogNames(Context& context) : context_(context) {}

    /// Any item of the log; only names count.
    void accept(const btrfs::Key& key, Bytes body, const Place& place);

private:
    struct PlaceInDirectory {
        u64 directory = 0;
        u64 index = 0;
        auto operator<=>(const PlaceInDirectory&) const = default;
    };
    struct Taken {
        u64 inode = 0;
        std::string name = {};
        bool operator==(const Taken&) const = default;
    };

    Context& context_;
    std::map<PlaceInDirectory, Taken> taken_;
};

} // namespace btrkit::check
