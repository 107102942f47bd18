// SPDX-License-Identifier: MIT
// A sink that keeps the items of a tree, to look at them.
#pragma once

#include "libfs/tree/item_sink.h"

#include <map>
#include <vector>

namespace btrkit::test {

class KeptItems final : public ItemSink {
public:
    Result<void> add(const btrfs::Key& key, Bytes data) override {
        if (!items.empty() && key <= items.rbegin()->first) {
            return fail_as_bug("keys must ascend");
        }
        items.emplace(key, std::vector(data.begin(), data.end()));
        return {};
    }

    std::map<btrfs::Key, std::vector<std::byte>> items;
};

} // namespace btrkit::test
