// SPDX-License-Identifier: MIT
#include "libfs/ops/send/output/command_output.h"

#include "libfs/ops/send/output/batch_pipeline.h"
#include "libfs/ops/send/output/data_commands.h"

#include <cassert>
#include <numeric>

namespace btrkit::send {

namespace {

/// How far a range of an extent that is read goes in one piece: it begins and ends where WRITEs and sectors do.
u64 piece_length(u32 version, u32 sectorsize) {
    const u64 unit = std::lcm(u64{btrfs::send::write_data_bytes(version)}, u64{sectorsize});
    return std::max(unit, round_down(piece_bytes, unit));
}

/// The part of it that is read: whole sectors around the file's bytes.
void set_buffer(DataPiece& piece, u32 sectorsize) {
    const u64 begin = round_down(piece.into_extent, sectorsize);
    const u64 end = round_up(piece.into_extent + piece.length, sectorsize);
    piece.lead_bytes = piece.into_extent - begin;
    piece.buffer_bytes = end - begin;
    piece.disk = piece.extent->disk + (piece.extent->offset_in_extent + begin);
}

} // namespace

struct CommandOutput::State {
    /// For commands without file data.
    class CommandSink final : public OutputSink {
    public:
        explicit CommandSink(BatchPipeline& pipeline) : pipeline_(&pipeline) {}
        Result<void> write(std::string_view bytes) override { return pipeline_->add_commands(bytes); }

    private:
        BatchPipeline* pipeline_;
    };

    State(const Filesystem& filesystem, OutputSink& sink, Settings how)
        : settings(std::move(how)), sectorsize(filesystem.geometry().sectorsize), pipeline(filesystem, sink, settings),
          encoder(settings.count_only ? Encoder::counting(settings.version) : Encoder(settings.version, command_sink)),
          counter(Encoder::counting(settings.version)) {}

    Result<void> count_writes(std::string_view path, u64 file_offset, u64 length);
    Result<void> count_encoded(std::string_view path, const FileExtent& extent, const EncodedRange& range, u64 stored);

    Settings settings;
    u32 sectorsize;
    BatchPipeline pipeline;
    CommandSink command_sink{pipeline};
    Encoder encoder;
    Encoder counter;    ///< for one command with file data at a time
    u64 data_bytes = 0; ///< of all commands with file data
};

/// All heads of the WRITEs of a range are equally long.
Result<void> CommandOutput::State::count_writes(std::string_view path, u64 file_offset, u64 length) {
    const u64 most = btrfs::send::write_data_bytes(settings.version);
    const u64 first = std::min(length, most);
    const u64 before = counter.bytes_written();
    begin_write(counter, path, file_offset);
    counter.put_data_length(first);
    BTRKIT_TRY(counter.finish());
    const u64 head_bytes = counter.bytes_written() - before - first;
    data_bytes += length + (length / most + (length % most == 0 ? 0 : 1)) * head_bytes;
    return {};
}

Result<void> CommandOutput::State::count_encoded(std::string_view path, const FileExtent& extent,
                                                 const EncodedRange& range, u64 stored) {
    const u64 before = counter.bytes_written();
    begin_encoded_write(counter, path, extent, range, sectorsize);
    counter.put_data_length(stored);
    auto counted = counter.finish();
    data_bytes += counter.bytes_written() - before;
    return counted;
}

CommandOutput::CommandOutput(const Filesystem& filesystem, OutputSink& sink, Settings settings)
    : state_(std::make_unique<State>(filesystem, sink, std::move(settings))) {}

CommandOutput::~CommandOutput() = default;

u32 CommandOutput::version() const {
    return state_->settings.version;
}

Encoder& CommandOutput::encoder() {
    return state_->encoder;
}

const std::optional<Error>& CommandOutput::failure() const {
    return state_->pipeline.failure();
}

u64 CommandOutput::stream_bytes() const {
    return state_->encoder.bytes_written() + state_->data_bytes;
}

Result<void> CommandOutput::submit() {
    return state_->pipeline.submit();
}

Result<void> CommandOutput::put_zeros(std::string_view path, u64 file_offset, u64 length) {
    State& state = *state_;
    if (length == 0 || state.pipeline.failure()) {
        return state.pipeline.status();
    }
    if (auto counted = state.count_writes(path, file_offset, length); !counted || state.settings.count_only) {
        return counted;
    }
    const u64 most = round_down(batch_data_bytes, btrfs::send::write_data_bytes(version()));
    for (u64 done_bytes = 0; done_bytes < length;) {
        const u64 piece_length = std::min(length - done_bytes, most);
        if (auto added =
                state.pipeline.add_piece({.file_offset = file_offset + done_bytes, .length = piece_length}, path);
            !added) {
            return added;
        }
        done_bytes += piece_length;
    }
    return submit();
}

Result<void> CommandOutput::put_write(std::string_view path, const FileData& data) {
    State& state = *state_;
    const FileExtent& extent = *data.extent;
    const u64 into_extent = data.offset - extent.offset;
    assert(data.offset >= extent.offset);
    const u64 stored = into_extent < extent.length && extent.is_data() ? extent.length - into_extent : 0;
    const u64 length = std::min(data.length, stored);
    if (length == 0 || state.pipeline.failure()) {
        return put_zeros(path, data.offset, data.length);
    }
    BTRKIT_TRY(state.count_writes(path, data.offset, length));
    // A compressed extent is unpacked once: as one piece.
    const bool is_plain = extent.kind == ExtentKind::regular && !extent.is_compressed();
    const u64 most = is_plain ? piece_length(version(), state.sectorsize) : length;
    for (u64 done_bytes = 0; done_bytes < length && !state.settings.count_only;) {
        DataPiece piece{.source = is_plain ? PieceSource::devices : PieceSource::unpacked,
                        .verify = data.has_checksums,
                        .extent = data.extent,
                        .shown_path = data.shown_path,
                        .file_offset = data.offset + done_bytes,
                        .length = std::min(length - done_bytes, most),
                        .into_extent = into_extent + done_bytes};
        set_buffer(piece, state.sectorsize);
        done_bytes += piece.length;
        BTRKIT_TRY(state.pipeline.add_piece(std::move(piece), path));
    }
    // Behind the bytes of an inline extent.
    return put_zeros(path, data.offset + length, data.length - length);
}

Result<void> CommandOutput::put_encoded(std::string_view path, const FileData& data) {
    State& state = *state_;
    const FileExtent& extent = *data.extent;
    assert(version() >= 2 && extent.is_data() && extent.is_compressed());
    if (!encoded_compression(extent.compression, state.sectorsize)) {
        return put_write(path, data);
    }
    const bool is_inline = extent.kind == ExtentKind::inline_data;
    const u64 into_extent = data.offset - extent.offset;
    const u64 shown = is_inline ? extent.ram_bytes : extent.length;
    assert(data.offset >= extent.offset && into_extent <= shown);
    const EncodedRange range{
        .file_offset = data.offset, .length = std::min(data.length, shown - into_extent), .into_extent = into_extent};
    if (range.length == 0 || state.pipeline.failure()) {
        return state.pipeline.status();
    }
    const u64 stored = is_inline ? extent.inline_bytes.size() : extent.disk_num_bytes;
    if (auto counted = state.count_encoded(path, extent, range, stored); !counted || state.settings.count_only) {
        return counted;
    }
    DataPiece piece{.source = is_inline ? PieceSource::item : PieceSource::devices,
                    .is_encoded = true,
                    .verify = data.has_checksums,
                    .extent = data.extent,
                    .shown_path = data.shown_path,
                    .file_offset = range.file_offset,
                    .length = range.length,
                    .into_extent = into_extent,
                    .buffer_bytes = is_inline ? 0 : extent.disk_num_bytes,
                    .disk = extent.disk};
    auto added = state.pipeline.add_piece(std::move(piece), path);
    return added ? submit() : added;
}

Result<void> CommandOutput::close() {
    return state_->pipeline.close();
}

} // namespace btrkit::send
