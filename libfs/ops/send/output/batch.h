// SPDX-License-Identifier: MIT
// A stretch of a stream, about a megabyte: what is read, proven and encoded as one job (internal to the output).
#pragma once

#include "libfs/base/problem.h"
#include "libfs/ops/send/output/command_output.h"

namespace btrkit::send {

/// File data that a batch holds at most, and finished commands that it holds, about.
inline constexpr std::size_t batch_data_bytes = std::size_t{1} << 20;
inline constexpr std::size_t batch_command_bytes = std::size_t{256} << 10;
/// However small they are.
inline constexpr std::size_t batch_pieces = 1024;
/// What is read at once: what is done to it afterwards finds it in the processor's cache.
inline constexpr std::size_t piece_bytes = std::size_t{256} << 10;

enum class PieceSource : u8 {
    zeros,
    devices,  ///< as it stands there
    unpacked, ///< what the extent shows when it is unpacked
    item,     ///< as it stands in the item of an inline extent
};

/// File data that becomes one ENCODED_WRITE, or WRITEs one behind the other.
struct DataPiece {
    PieceSource source = PieceSource::zeros;
    bool is_encoded = false;
    bool verify = true;
    std::size_t commands_before = 0; ///< bytes of Batch::commands that stand before it
    std::size_t path_at = 0;         ///< in Batch::paths
    std::size_t path_bytes = 0;
    std::shared_ptr<const FileExtent> extent = {};      ///< null: zeros
    std::shared_ptr<const std::string> shown_path = {}; ///< null: as the stream calls the file
    u64 file_offset = 0;
    u64 length = 0;      ///< in the file
    u64 into_extent = 0; ///< where the file's bytes begin, in what the item shows of the extent
    // What is read: whole sectors.
    std::size_t buffer_at = 0; ///< in Batch::data
    std::size_t buffer_bytes = 0;
    std::size_t lead_bytes = 0; ///< of these, before the file's bytes
    Logical disk = {};          ///< of `devices`: where they stand

    /// What it takes of a batch's room.
    std::size_t weight() const { return std::max<std::size_t>(length, buffer_bytes); }
    bool is_read() const { return source == PieceSource::devices || source == PieceSource::unpacked; }
};

struct Batch {
    // What was given.
    std::string commands; ///< finished ones, without file data
    std::string paths;
    std::vector<DataPiece> pieces;
    std::size_t weight = 0;       ///< of all pieces
    std::size_t buffer_bytes = 0; ///< that `data` needs

    // What was made of it.
    std::vector<std::byte> data; ///< only grows
    std::string heads;           ///< of commands with file data: all but that
    /// Of the stream: a stretch of heads, and behind it bytes that stand in data, commands, an item or zero_bytes().
    struct Part {
        std::size_t head_at = 0;
        std::size_t head_bytes = 0;
        Bytes kept = {};
    };
    std::vector<Part> parts;
    Problems problems;                    ///< bad copies of what could be read
    std::vector<UnreadableRange> skipped; ///< left out
    std::optional<Error> failure;         ///< the stream can't go on behind parts

    bool is_empty() const { return commands.empty() && pieces.empty(); }
    bool is_full() const {
        return weight >= batch_data_bytes || commands.size() + paths.size() >= batch_command_bytes ||
               pieces.size() >= batch_pieces;
    }
    /// Adds a piece whose path stands there already if it is that of the one before.
    void add(DataPiece piece, std::string_view path);

    std::string_view path_of(const DataPiece& piece) const {
        return std::string_view(paths).substr(piece.path_at, piece.path_bytes);
    }
    /// For messages.
    std::string_view shown_path_of(const DataPiece& piece) const {
        return piece.shown_path != nullptr ? std::string_view(*piece.shown_path) : path_of(piece);
    }
    MutableBytes buffer_of(const DataPiece& piece) {
        return MutableBytes(data).subspan(piece.buffer_at, piece.buffer_bytes);
    }

    /// Keeps the room that it has.
    void clear();
};

/// As many as a WRITE has at most.
Bytes zero_bytes();

} // namespace btrkit::send
