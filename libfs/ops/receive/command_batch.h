// SPDX-License-Identifier: MIT
// Commands of streams on their way through the pipeline (internal to libfs/ops/receive).
#pragma once

#include "libfs/edit/data_packer.h"
#include "libfs/stream/stream_command.h"

namespace btrkit::receive {

/// What an ENCODED_WRITE brings: an extent of CommandBatch::encoded, and what it unpacks to.
struct EncodedExtent {
    btrfs::Compression compression = btrfs::Compression::none;
    u32 lzo_sectorsize = 0; ///< of lzo: the one that its segments are made for
    u64 packed_bytes = 0;   ///< without the rest of their last sector
    u64 unencoded_bytes = 0;
    u64 unencoded_offset = 0; ///< where the file's part begins in what it unpacks to
    bool is_kept = false;     ///< it can be stored as it is
    Result<void> proof = {};
    std::vector<std::byte> plain = {}; ///< the file's part, where it is not kept
};

/// One command, or several WRITEs that follow each other in a file.
struct Step {
    StreamCommand command;
    /// Of WRITE: the piece of CommandBatch::written; of ENCODED_WRITE: that of encoded, and its EncodedExtent.
    std::optional<std::size_t> piece = {};
    u64 merged = 0; ///< WRITEs that are in it beside this command
};

struct CommandBatch {
    std::size_t input = 0;
    std::vector<Step> steps;
    std::vector<std::byte> room; ///< what the commands point to; never grows beyond what it was made for
    DataBatch written;           ///< of WRITEs
    DataBatch encoded;           ///< of ENCODED_WRITEs: its plain bytes are those to be stored
    std::vector<EncodedExtent> extents;
    u64 stream_bytes = 0;     ///< of all its commands
    Result<void> status = {}; ///< of the stream behind the last step
};

} // namespace btrkit::receive
