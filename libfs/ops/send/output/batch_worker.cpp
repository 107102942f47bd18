// SPDX-License-Identifier: MIT
#include "libfs/ops/send/output/batch_worker.h"

#include "libfs/base/names.h"
#include "libfs/ops/send/output/data_commands.h"

#include <fmt/format.h>

namespace btrkit::send {

Result<void> BatchWorker::PartSink::write(std::string_view head) {
    return write_all({&head, 1});
}

/// The first part is in the encoder's buffer, which the next command needs; the second, DATA, stays.
Result<void> BatchWorker::PartSink::write_all(std::span<const std::string_view> parts) {
    const auto head = parts.front();
    batch_->parts.push_back({.head_at = batch_->heads.size(),
                             .head_bytes = head.size(),
                             .kept = parts.size() > 1 ? std::as_bytes(std::span(parts[1])) : Bytes{}});
    batch_->heads += head;
    return {};
}

BatchWorker::BatchWorker(const Filesystem& filesystem, u32 version, bool skips)
    : sectorsize_(filesystem.geometry().sectorsize), skips_(skips),
      reader_(filesystem, [this](const Problem& problem) { problems_.push_back(problem); }), encoder_(version, sink_) {}

void BatchWorker::work(Batch& batch) {
    batch.data.resize(std::max(batch.data.size(), batch.buffer_bytes));
    sink_.set_batch(batch);
    problems_.clear();
    reader_.forget();
    commands_put_ = 0;
    for (Pieces rest(batch.pieces); !rest.empty() && !batch.failure;) {
        const auto run = next_run(rest);
        put_run(batch, run);
        rest = rest.subspan(run.size());
    }
    if (!batch.failure) {
        put_commands(batch, batch.commands.size());
    }
    std::swap(batch.problems, problems_);
}

/// Pieces that stand behind one another on the devices, as they do in memory: at least the first.
BatchWorker::Pieces BatchWorker::next_run(Pieces pieces) {
    std::size_t count = 1;
    std::size_t bytes = pieces.front().buffer_bytes;
    for (; count < pieces.size(); ++count) {
        const auto& last = pieces[count - 1];
        const auto& next = pieces[count];
        if (last.source != PieceSource::devices || next.source != PieceSource::devices || last.verify != next.verify ||
            next.disk != last.disk + last.buffer_bytes || bytes + next.buffer_bytes > piece_bytes) {
            break;
        }
        bytes += next.buffer_bytes;
    }
    return pieces.first(count);
}

void BatchWorker::put_run(Batch& batch, Pieces run) {
    const bool is_read = run.size() > 1 && read_together(batch, run);
    for (const auto& piece : run) {
        put_commands(batch, piece.commands_before);
        put_around(batch, piece, is_read ? Gaps{} : read_piece(batch, piece));
        if (batch.failure) {
            return;
        }
    }
}

bool BatchWorker::read_together(Batch& batch, Pieces run) {
    const auto& first = run.front();
    const auto& last = run.back();
    const auto room =
        MutableBytes(batch.data).subspan(first.buffer_at, last.buffer_at + last.buffer_bytes - first.buffer_at);
    const std::size_t told = problems_.size();
    const bool done = reader_.read_stored(first.disk, room, first.verify).has_value();
    if (!done) {
        forget_problems(told);
    }
    return done;
}

Result<void> BatchWorker::read_whole(Batch& batch, const DataPiece& piece) {
    switch (piece.source) {
    case PieceSource::devices: return reader_.read_stored(piece.disk, batch.buffer_of(piece), piece.verify);
    case PieceSource::unpacked:
        return reader_.read(*piece.extent, piece.verify, piece.into_extent - piece.lead_bytes, batch.buffer_of(piece));
    case PieceSource::zeros:
    case PieceSource::item: break;
    }
    return {};
}

/// Bad copies are told of where another was good; where none was, the failure says it.
void BatchWorker::forget_problems(std::size_t told) {
    problems_.erase(problems_.begin() + static_cast<std::ptrdiff_t>(told), problems_.end());
}

/// What of it can't be read. Of compressed extents: nothing of the piece, or all.
BatchWorker::Gaps BatchWorker::read_piece(Batch& batch, const DataPiece& piece) {
    const std::size_t told = problems_.size();
    auto done = read_whole(batch, piece);
    if (done) {
        return {};
    }
    forget_problems(told);
    if (piece.source == PieceSource::devices && !piece.is_encoded) {
        return read_sectors(batch, piece);
    }
    return {{.offset = 0, .length = piece.length, .error = std::move(done.error())}};
}

BatchWorker::Gaps BatchWorker::read_sectors(Batch& batch, const DataPiece& piece) {
    Gaps gaps;
    const auto buffer = batch.buffer_of(piece);
    for (std::size_t at = 0; at < buffer.size(); at += sectorsize_) {
        const std::size_t told = problems_.size();
        auto done = reader_.read_stored(piece.disk + at, buffer.subspan(at, sectorsize_), piece.verify);
        if (done) {
            continue;
        }
        forget_problems(told);
        const u64 begin = std::max(at, piece.lead_bytes) - piece.lead_bytes;
        const u64 end = std::min<u64>(at + sectorsize_ - piece.lead_bytes, piece.length);
        if (!gaps.empty() && gaps.back().offset + gaps.back().length == begin) {
            gaps.back().length += end - begin;
        } else {
            gaps.push_back({.offset = begin, .length = end - begin, .error = std::move(done.error())});
        }
        if (!skips_) {
            break;
        }
    }
    return gaps;
}

/// Finished commands up to `end` of them.
void BatchWorker::put_commands(Batch& batch, std::size_t end) {
    if (commands_put_ != end) {
        batch.parts.push_back(
            {.kept = std::as_bytes(std::span(batch.commands)).subspan(commands_put_, end - commands_put_)});
        commands_put_ = end;
    }
}

/// What of the piece does not lie in a gap.
void BatchWorker::put_around(Batch& batch, const DataPiece& piece, const Gaps& gaps) {
    u64 put_bytes = 0;
    for (const auto& [offset, length, error] : gaps) {
        put_data(batch, piece, put_bytes, offset);
        const u64 file_offset = piece.file_offset + offset;
        const auto path = batch.shown_path_of(piece);
        if (!skips_) {
            batch.failure =
                Error{error.kind, fmt::format("{}: file offset {}: {}", printable(path), file_offset, error.message)};
            return;
        }
        batch.skipped.push_back(
            {.path = std::string(path), .file_offset = file_offset, .length = length, .why = error.message});
        put_bytes = offset + length;
    }
    put_data(batch, piece, put_bytes, piece.length);
}

/// The bytes [begin, end) of a piece.
void BatchWorker::put_data(Batch& batch, const DataPiece& piece, u64 begin, u64 end) {
    if (begin == end) {
        return;
    }
    if (piece.is_encoded) {
        put_encoded(batch, piece);
        return;
    }
    const Bytes data = piece.is_read() ? Bytes(batch.buffer_of(piece)).subspan(piece.lead_bytes) : Bytes{};
    for (u64 at = begin; at < end && !batch.failure;) {
        const u64 length = std::min<u64>(end - at, btrfs::send::write_data_bytes(encoder_.version()));
        begin_write(encoder_, batch.path_of(piece), piece.file_offset + at);
        encoder_.put_data(btrfs::send::Attribute::data,
                          piece.is_read() ? data.subspan(at, length) : zero_bytes().first(length));
        finish_command(batch);
        at += length;
    }
}

void BatchWorker::put_encoded(Batch& batch, const DataPiece& piece) {
    begin_encoded_write(encoder_, batch.path_of(piece), *piece.extent,
                        {.file_offset = piece.file_offset, .length = piece.length, .into_extent = piece.into_extent},
                        sectorsize_);
    encoder_.put_data(btrfs::send::Attribute::data,
                      piece.is_read() ? Bytes(batch.buffer_of(piece)) : Bytes(piece.extent->inline_bytes));
    finish_command(batch);
}

void BatchWorker::finish_command(Batch& batch) {
    if (auto finished = encoder_.finish(); !finished) {
        batch.failure = std::move(finished.error());
    }
}

} // namespace btrkit::send
