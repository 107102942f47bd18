// SPDX-License-Identifier: MIT
#include "libfs/tree/block_ahead.h"

#include <oneapi/tbb/task_group.h>

namespace btrkit {

namespace {

/// One task's share: large enough that starting it costs nothing beside it.
constexpr std::size_t blocks_per_load = 8;
constexpr std::size_t loads_per_queue = 3;
/// Two trees side by side, and what was wanted in vain.
constexpr std::size_t most_queues = 4;

} // namespace

/// Neighbours of a queue that one task reads.
struct BlockAhead::Load {
    std::vector<Promise> promises;
    std::vector<Block> blocks; ///< null: not proven, or taken
    std::size_t left = 0;      ///< that were not taken
    oneapi::tbb::task_group group;

    ~Load() { group.wait(); }
};

BlockAhead::BlockAhead(const BlockReader& reader, Parallelism parallelism)
    : reader_(&reader),
      limit_(std::in_place, oneapi::tbb::global_control::max_allowed_parallelism, parallelism.threads) {}

BlockAhead::~BlockAhead() = default;

void BlockAhead::want(std::vector<Promise> promises) {
    if (promises.size() < 2) {
        return; // it will be asked for at once
    }
    if (queues_.size() == most_queues) {
        queues_.pop_front();
    }
    start_loads(queues_.emplace_back(Queue{.promises = std::move(promises), .next = 0, .loads = {}}));
}

void BlockAhead::start_loads(Queue& queue) {
    while (queue.loads.size() < loads_per_queue && queue.next < queue.promises.size()) {
        const auto count = std::min(blocks_per_load, queue.promises.size() - queue.next);
        const auto first = queue.promises.begin() + static_cast<std::ptrdiff_t>(queue.next);
        auto& load = queue.loads.emplace_back();
        load.promises.assign(first, first + static_cast<std::ptrdiff_t>(count));
        load.blocks.resize(count);
        load.left = count;
        queue.next += count;
        load.group.run([reader = reader_, &load] {
            for (std::size_t i = 0; i < load.promises.size(); ++i) {
                auto block = std::make_shared<const OwnedBlock>(*reader, load.promises[i]);
                load.blocks[i] = block->is_proven() ? std::move(block) : nullptr;
            }
        });
    }
}

BlockAhead::Block BlockAhead::take_from(Queue& queue, Logical address) {
    for (auto load = queue.loads.begin(); load != queue.loads.end(); ++load) {
        const auto wanted = std::ranges::find(load->promises, address, &Promise::address);
        if (wanted == load->promises.end()) {
            continue;
        }
        load->group.wait();
        auto block = std::move(load->blocks[static_cast<std::size_t>(wanted - load->promises.begin())]);
        // They are asked for in order: what stands before this load was asked for already, or never will be.
        queue.loads.erase(queue.loads.begin(), load);
        if (--load->left == 0) {
            queue.loads.erase(load);
        }
        return block;
    }
    return nullptr;
}

BlockAhead::Block BlockAhead::take(Logical address) {
    for (auto queue = queues_.rbegin(); queue != queues_.rend(); ++queue) {
        if (auto block = take_from(*queue, address)) {
            start_loads(*queue);
            return block;
        }
    }
    return nullptr;
}

} // namespace btrkit
