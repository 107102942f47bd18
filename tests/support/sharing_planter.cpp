// SPDX-License-Identifier: MIT
#include "tests/support/sharing_planter.h"

namespace btrkit::test {

namespace {

constexpr std::size_t most_items = 7;
constexpr std::size_t most_children = 6;

bool begins_block(const btrfs::Key& key, unsigned level) {
    const u64 mixed = (key.objectid * 64 + key.type * 8 + key.offset / 4096 + level) * 0x9e3779b97f4a7c15U;
    return (mixed >> 40) % 4 == 0;
}

std::vector<PlantedBlock> in_leaves(const Items& items) {
    std::vector<PlantedBlock> row;
    for (const auto& [key, text] : items) {
        if (row.empty() || begins_block(key, 0) || row.back().items.size() == most_items) {
            row.emplace_back();
        }
        row.back().items.push_back({key, bytes_from(text)});
    }
    row.resize(std::max<std::size_t>(row.size(), 1));
    return row;
}

std::vector<PlantedBlock> in_nodes(std::vector<PlantedBlock> row, u8 level) {
    std::vector<PlantedBlock> above;
    for (auto& child : row) {
        if (above.empty() || begins_block(first_key(child), level) || above.back().children.size() == most_children) {
            above.emplace_back();
        }
        above.back().children.push_back(std::move(child));
    }
    return above;
}

} // namespace

PlantedBlock SharingPlanter::plant(u64 tree, const Items& items) {
    auto row = in_leaves(items);
    for (u8 level = 0;; ++level) {
        const bool is_root = row.size() == 1;
        for (auto& block : row) {
            write(block, tree, level, is_root);
        }
        if (is_root) {
            break;
        }
        row = in_nodes(std::move(row), static_cast<u8>(level + 1));
    }
    promise_keys(row.front(), std::nullopt);
    return std::move(row.front());
}

void SharingPlanter::write(PlantedBlock& planted, u64 tree, u8 level, bool is_root) {
    std::vector<NodeEntry> entries;
    for (const auto& child : planted.children) {
        entries.push_back({first_key(child), child.address(), image_->generation()});
    }
    BlockIdentity identity{
        .address = 0, .owner = btrfs::first_free_objectid, .generation = image_->generation(), .level = level};
    const auto build = [&] {
        return level == 0 ? build_leaf(image_->geometry(), identity, planted.items)
                          : build_node(image_->geometry(), identity, entries);
    };
    const auto [found, is_new] = addresses_.try_emplace({std::string(as_text(build())), is_root});
    if (is_new) {
        found->second = identity.address = image_->take_address();
        image_->put(build());
    }
    planted.promise = {.address = {found->second}, .generation = image_->generation(), .level = level, .tree = tree};
}

} // namespace btrkit::test
