// SPDX-License-Identifier: MIT
#include "libfs/tree/waiting_items.h"

#include <algorithm>
#include <ranges>

namespace btrkit {

/// Of its first items.
std::size_t WaitingItems::weight_of(const Run& run, u32 count) {
    const std::size_t data = run.leaf == nullptr ? run.body.size() : data_bytes_of(run.leaf->block(), run.first, count);
    return count * sizeof(btrfs::ItemHeader) + data;
}

u32 WaitingItems::count_up_to(const Run& run, std::size_t weight) {
    const auto counts = std::views::iota(u32{1}, run.count + 1);
    const auto too_many =
        std::ranges::partition_point(counts, [&](u32 count) { return weight_of(run, count) <= weight; });
    return static_cast<u32>(too_many - counts.begin());
}

std::size_t WaitingItems::count_up_to(std::size_t weight) const {
    std::size_t count = 0;
    for (const auto& run : runs_) {
        const std::size_t whole = weight_of(run, run.count);
        if (whole > weight) {
            return count + count_up_to(run, weight);
        }
        count += run.count;
        weight -= whole;
    }
    return count;
}

void WaitingItems::push_back(const BlockCache::Block& leaf, u32 first, u32 count) {
    const auto& run = runs_.emplace_back(Run{.leaf = leaf, .first = first, .count = count});
    count_ += count;
    weight_ += weight_of(run, count);
}

void WaitingItems::push_back(const ItemEdit& edit) {
    const auto& run = runs_.emplace_back(Run{.key = edit.key, .body = *edit.body});
    ++count_;
    weight_ += weight_of(run, 1);
}

void WaitingItems::push_front(WaitingItems before) {
    std::ranges::move(runs_, std::back_inserter(before.runs_));
    runs_ = std::move(before.runs_);
    count_ += before.count_;
    weight_ += before.weight_;
}

void WaitingItems::move_front(std::size_t count, OpenBlock& to) {
    count_ -= count;
    while (count > 0) {
        auto& run = runs_.front();
        const u32 moved = static_cast<u32>(std::min<std::size_t>(count, run.count));
        weight_ -= weight_of(run, moved);
        if (run.leaf == nullptr) {
            to.add_item(run.key, run.body);
        } else {
            to.add_items(run.leaf->block(), run.first, moved);
        }
        run.first += moved;
        run.count -= moved;
        count -= moved;
        if (run.count == 0) {
            runs_.pop_front();
        }
    }
}

WaitingPointers::Pointer WaitingPointers::take_back() {
    auto pointer = std::move(pointers_.back());
    pointers_.pop_back();
    return pointer;
}

void WaitingPointers::push_front(WaitingPointers before) {
    std::ranges::move(pointers_, std::back_inserter(before.pointers_));
    pointers_ = std::move(before.pointers_);
}

void WaitingPointers::move_front(std::size_t count, OpenBlock& to) {
    for (; count > 0; --count) {
        const auto& pointer = pointers_.front();
        to.add_pointer(pointer.key, pointer.child, pointer.generation);
        pointers_.pop_front();
    }
}

} // namespace btrkit
