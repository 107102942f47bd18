// SPDX-License-Identifier: MIT
#include "libfs/ops/send/output/batch_pipeline.h"

namespace btrkit::send {

BatchPipeline::BatchPipeline(const Filesystem& filesystem, OutputSink& sink, const CommandOutput::Settings& settings)
    : filesystem_(&filesystem), sink_(&sink), settings_(&settings), filling_(lease_batch()),
      push_(
          settings.run.parallelism, [this](Batch& batch) { work(batch); },
          [this](Batch& batch) { return finish(batch); }) {}

BatchPipeline::BatchLease BatchPipeline::lease_batch() {
    auto batch = batches_.lease([] { return std::make_unique<Batch>(); });
    batch->clear();
    return batch;
}

Result<void> BatchPipeline::add_commands(std::string_view bytes) {
    if (!failure_) {
        filling_->commands += bytes;
    }
    return status();
}

Result<void> BatchPipeline::add_piece(DataPiece piece, std::string_view path) {
    if (settings_->run.stop.stop_requested() && !failure_) {
        failure_ = Error{ErrorKind::cancelled, "stopped"};
    }
    if (failure_) {
        return status();
    }
    if (filling_->weight + piece.weight() > batch_data_bytes || filling_->is_full()) {
        BTRKIT_TRY(hand_in());
    }
    filling_->add(std::move(piece), path);
    return {};
}

Result<void> BatchPipeline::hand_in() {
    if (!failure_ && !filling_->is_empty()) {
        push_.push(std::move(filling_));
        filling_ = lease_batch();
    }
    return status();
}

Result<void> BatchPipeline::submit() {
    return filling_->is_full() ? hand_in() : status();
}

Result<void> BatchPipeline::close() {
    static_cast<void>(hand_in());
    push_.drain();
    tell_skipped();
    return status();
}

void BatchPipeline::work(Batch& batch) {
    const auto worker = workers_.lease([this] {
        return std::make_unique<BatchWorker>(*filesystem_, settings_->version, static_cast<bool>(settings_->skip));
    });
    worker->work(batch);
}

bool BatchPipeline::finish(Batch& batch) {
    for (const auto& problem : batch.problems) {
        settings_->run.tell(problem);
    }
    for (auto& range : batch.skipped) {
        note_skipped(std::move(range));
    }
    if (auto written = write(batch); !written) {
        failure_ = std::move(written.error());
    } else if (batch.failure) {
        failure_ = std::move(batch.failure);
    }
    if (failure_) {
        tell_skipped();
    }
    return !failure_;
}

Result<void> BatchPipeline::write(const Batch& batch) {
    parts_.clear();
    u64 bytes = 0;
    const auto put = [&](std::string_view part) {
        if (!part.empty()) {
            parts_.push_back(part);
            bytes += part.size();
        }
    };
    for (const auto& part : batch.parts) {
        put(std::string_view(batch.heads).substr(part.head_at, part.head_bytes));
        put(as_text(part.kept));
    }
    auto written = sink_->write_all(parts_);
    if (written) {
        settings_->run.progress.advance(bytes);
    }
    return written;
}

/// Puts what goes on together with what it goes on from.
void BatchPipeline::note_skipped(UnreadableRange range) {
    if (skipped_ && skipped_->path == range.path && skipped_->file_offset + skipped_->length == range.file_offset) {
        skipped_->length += range.length;
        return;
    }
    tell_skipped();
    skipped_ = std::move(range);
}

void BatchPipeline::tell_skipped() {
    if (skipped_) {
        settings_->skip(*skipped_);
        skipped_.reset();
    }
}

} // namespace btrkit::send
