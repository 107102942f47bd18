// SPDX-License-Identifier: MIT
#include "libfs/ops/receive/command_reader.h"

#include <algorithm>

#include <fmt/format.h>

namespace btrkit::receive {

namespace {

namespace send = btrfs::send;
using send::Attribute;
using send::Command;

/// A batch is full with so much file data, or so much of all else.
constexpr std::size_t batch_data_bytes = std::size_t{1} << 20;
constexpr std::size_t batch_room_bytes = std::size_t{256} << 10;
/// The largest command, with what it may have beside data.
constexpr std::size_t largest_command_bytes = std::size_t{512} << 10;

struct Encoding {
    btrfs::Compression compression = btrfs::Compression::none;
    u32 lzo_sectorsize = 0;
};

/// Nothing for what nobody has defined.
std::optional<Encoding> encoding_of(u64 stored) {
    constexpr auto lzo_first = static_cast<u64>(send::EncodedCompression::lzo_4k);
    constexpr auto lzo_last = static_cast<u64>(send::EncodedCompression::lzo_64k);
    constexpr u32 first_lzo_sectorsize = 4096;
    if (stored >= lzo_first && stored <= lzo_last) {
        return Encoding{btrfs::Compression::lzo, first_lzo_sectorsize << (stored - lzo_first)};
    }
    switch (static_cast<send::EncodedCompression>(stored)) {
    case send::EncodedCompression::none: return Encoding{};
    case send::EncodedCompression::zlib: return Encoding{btrfs::Compression::zlib};
    case send::EncodedCompression::zstd: return Encoding{btrfs::Compression::zstd};
    default: return std::nullopt;
    }
}

bool is_full(const CommandBatch& batch) {
    return batch.written.plain_bytes + batch.encoded.plain_bytes >= batch_data_bytes ||
           batch.room.size() >= batch_room_bytes;
}

/// Appends the bytes to what is there, in sectors of their own.
std::size_t append_sectors(DataBatch& data, Bytes bytes, u64 whole_bytes) {
    const std::size_t offset = data.plain.size();
    data.plain.reserve(offset == 0 ? batch_data_bytes + largest_command_bytes : 0);
    data.plain.insert(data.plain.end(), bytes.begin(), bytes.end());
    data.plain.resize(offset + whole_bytes);
    data.plain_bytes = data.plain.size();
    return offset;
}

} // namespace

std::unique_ptr<CommandBatch> CommandReader::next() {
    if (failed_ || input_ == streams_.size()) {
        return nullptr;
    }
    auto batch = std::make_unique<CommandBatch>();
    batch->input = input_;
    batch->room.reserve(batch_room_bytes + largest_command_bytes);
    batch->status = fill(*batch);
    failed_ = !batch->status;
    return batch;
}

/// Of one input only: with its end, the batch ends.
Result<void> CommandReader::fill(CommandBatch& batch) {
    while (!is_full(batch)) {
        BTRKIT_TRY_ASSIGN(const auto command, next_command());
        if (!command) {
            ++input_;
            told_offset_ = 0;
            return {};
        }
        batch.stream_bytes += command->offset() - std::exchange(told_offset_, command->offset());
        BTRKIT_TRY(add(batch, *command));
    }
    return {};
}

/// Nothing behind the last one of this input.
Result<std::optional<StreamCommand>> CommandReader::next_command() {
    auto& stream = streams_[input_];
    if (auto first = std::exchange(stream.first, std::nullopt)) {
        in_stream_ = true;
        return first;
    }
    if (!in_stream_) {
        const bool is_over = options_->ends_at_end && stream.decoder.commands_read() > 0;
        BTRKIT_TRY_ASSIGN(const auto version, is_over ? Result<std::optional<u32>>() : stream.decoder.begin_stream());
        if (!version) {
            return std::optional<StreamCommand>();
        }
        in_stream_ = true;
    }
    BTRKIT_TRY_ASSIGN(auto command, stream.decoder.next());
    in_stream_ = command.command() != Command::end;
    return std::optional(command);
}

Result<void> CommandReader::add(CommandBatch& batch, const StreamCommand& command) {
    if (command.command() == Command::write) {
        add_write(batch, command);
        return {};
    }
    if (command.command() == Command::encoded_write) {
        return add_encoded(batch, command);
    }
    keep(batch, command, std::nullopt, true);
    return {};
}

void CommandReader::keep(CommandBatch& batch, const StreamCommand& command, std::optional<std::size_t> piece,
                         bool with_data) {
    const std::size_t offset = batch.room.size();
    batch.room.resize(offset + command.size_bytes(with_data));
    batch.steps.push_back(
        {.command = command.copy_to(MutableBytes(batch.room).subspan(offset), with_data), .piece = piece});
}

/// Whether it goes on in the file where the last one, a WRITE too, has ended with whole sectors.
bool CommandReader::extends_last(const CommandBatch& batch, const StreamCommand& command) const {
    if (batch.steps.empty() || batch.steps.back().command.command() != Command::write) {
        return false;
    }
    const auto& last = batch.written.pieces[*batch.steps.back().piece];
    return last.length % geometry_->sectorsize == 0 &&
           last.file_offset + last.length == command.integer(Attribute::file_offset) &&
           batch.steps.back().command.text(Attribute::path) == command.text(Attribute::path);
}

void CommandReader::add_write(CommandBatch& batch, const StreamCommand& command) {
    const Bytes data = command.data(Attribute::data);
    const std::size_t offset = append_sectors(batch.written, data, sectors_bytes(data.size()));
    if (extends_last(batch, command)) {
        batch.written.pieces.back().length += data.size();
        batch.written.pieces.back().is_inline = false;
        ++batch.steps.back().merged;
        return;
    }
    // A kernel sends less than a sector at the beginning of a file only where that is all of it.
    const bool is_small = data.size() <= max_inline_bytes && !data.empty();
    batch.written.pieces.push_back({.plain_offset = offset,
                                    .file_offset = command.integer(Attribute::file_offset),
                                    .length = data.size(),
                                    .is_inline = is_small && command.integer(Attribute::file_offset) == 0});
    keep(batch, command, batch.written.pieces.size() - 1, false);
}

Result<void> CommandReader::add_encoded(CommandBatch& batch, const StreamCommand& command) {
    const Bytes data = command.data(Attribute::data);
    const u64 file_bytes = command.integer(Attribute::unencoded_file_len);
    EncodedExtent extent = {.packed_bytes = data.size(),
                            .unencoded_bytes = command.integer(Attribute::unencoded_len),
                            .unencoded_offset = command.integer(Attribute::unencoded_offset)};
    const auto encoding = encoding_of(command.integer(Attribute::compression));
    if (!encoding || command.integer(Attribute::encryption) != 0) {
        return fail(ErrorKind::unsupported, command.place() + ": is compressed or encrypted in an unknown way");
    }
    extent.compression = encoding->compression;
    extent.lzo_sectorsize = encoding->lzo_sectorsize;
    const bool is_possible = extent.unencoded_bytes <= max_compressed_extent_bytes && file_bytes > 0 &&
                             extent.unencoded_offset <= extent.unencoded_bytes &&
                             file_bytes <= extent.unencoded_bytes - extent.unencoded_offset && !data.empty();
    if (!is_possible) {
        return fail(ErrorKind::damaged,
                    fmt::format("{}: {} bytes of which {} from {} on are the file's, packed into {}, can't be",
                                command.place(), extent.unencoded_bytes, file_bytes, extent.unencoded_offset,
                                data.size()));
    }
    const bool has_other_sectors = extent.lzo_sectorsize != 0 && extent.lzo_sectorsize != geometry_->sectorsize;
    extent.is_kept = extent.compression != btrfs::Compression::none && data.size() < extent.unencoded_bytes &&
                     !has_other_sectors && !options_->force_decompress;
    const bool is_whole = extent.unencoded_offset == 0 && file_bytes == extent.unencoded_bytes;
    const u64 file_offset = command.integer(Attribute::file_offset);
    // One sector that is packed, from the beginning of a file, was inline at its sender: packing it saves no sector.
    const bool is_inline = extent.is_kept && is_whole && file_offset == 0 && data.size() <= max_inline_bytes &&
                           file_bytes <= geometry_->sectorsize;
    const std::size_t offset = append_sectors(batch.encoded, data, sectors_bytes(data.size()));
    batch.encoded.pieces.push_back(
        {.plain_offset = offset, .file_offset = file_offset, .length = file_bytes, .is_inline = is_inline});
    batch.extents.push_back(std::move(extent));
    keep(batch, command, batch.encoded.pieces.size() - 1, false);
    return {};
}

} // namespace btrkit::receive
