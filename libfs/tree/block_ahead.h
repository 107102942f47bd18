// SPDX-License-Identifier: MIT
// Tree blocks that other threads read and prove before they are asked for.
#pragma once

#include "libfs/base/ordered_pipeline.h"
#include "libfs/tree/block_reader.h"

#include <list>
#include <memory>
#include <optional>

namespace btrkit {

/// For one asking thread. Keeps a few dozen blocks at most.
class BlockAhead {
public:
    using Block = std::shared_ptr<const OwnedBlock>;

    /// parallelism: more than one thread, or it has no sense.
    BlockAhead(const BlockReader& reader, Parallelism parallelism);
    ~BlockAhead();
    BlockAhead(const BlockAhead&) = delete;
    BlockAhead& operator=(const BlockAhead&) = delete;

    /// These will be asked for in this order, perhaps in turns with those of other calls.
    void want(std::vector<Promise> promises);

    /// The block, as it was promised to want(); null where it is not to be had from here, or was not proven.
    Block take(Logical address);

private:
    struct Load;
    /// What one call wanted.
    struct Queue {
        std::vector<Promise> promises;
        std::size_t next = 0; ///< of promises: the first one that nobody reads yet
        std::list<Load> loads;
    };

    void start_loads(Queue& queue);
    static Block take_from(Queue& queue, Logical address);

    const BlockReader* reader_;
    std::optional<oneapi::tbb::global_control> limit_;
    std::list<Queue> queues_; ///< the newest last
};

} // namespace btrkit
