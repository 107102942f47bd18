// SPDX-License-Identifier: MIT
// From streams to batches of commands (internal to libfs/ops/receive).
#pragma once

#include "libfs/ops/receive/command_batch.h"
#include "libfs/ops/receive/input_streams.h"

#include <memory>

namespace btrkit::receive {

class CommandReader {
public:
    /// All must outlive it.
    CommandReader(std::span<InputStream> streams, const Geometry& geometry, const Options& options)
        : streams_(streams), geometry_(&geometry), options_(&options) {}

    /// The next commands, all of one input. Null behind the last, and behind a batch whose status is none of success.
    std::unique_ptr<CommandBatch> next();

private:
    Result<void> fill(CommandBatch& batch);
    Result<std::optional<StreamCommand>> next_command();
    Result<void> add(CommandBatch& batch, const StreamCommand& command);
    bool extends_last(const CommandBatch& batch, const StreamCommand& command) const;
    void add_write(CommandBatch& batch, const StreamCommand& command);
    Result<void> add_encoded(CommandBatch& batch, const StreamCommand& command);
    static void keep(CommandBatch& batch, const StreamCommand& command, std::optional<std::size_t> piece,
                     bool with_data);
    u64 sectors_bytes(u64 bytes) const { return round_up(bytes, geometry_->sectorsize); }

    std::span<InputStream> streams_;
    const Geometry* geometry_;
    const Options* options_;
    std::size_t input_ = 0;
    bool in_stream_ = false; ///< commands of a stream are next, not a header
    bool failed_ = false;
    u64 told_offset_ = 0; ///< up to where stream_bytes has counted this input
};

} // namespace btrkit::receive
