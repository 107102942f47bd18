// SPDX-License-Identifier: MIT
// What is done to a batch by itself, in any order and on any thread: its data is read, proven and encoded (internal to
// the output).
#pragma once

#include "libfs/fs/extent_reader.h"
#include "libfs/ops/send/output/batch.h"

namespace btrkit::send {

/// One per thread.
class BatchWorker {
public:
    /// skips: what can't be read is left out; otherwise the batch ends before it.
    BatchWorker(const Filesystem& filesystem, u32 version, bool skips);

    /// Fills what is made of a batch. What that is depends on the batch and the filesystem alone.
    void work(Batch& batch);

private:
    using Pieces = std::span<const DataPiece>;

    /// Takes commands of the encoder apart, into a batch.
    class PartSink final : public OutputSink {
    public:
        void set_batch(Batch& batch) { batch_ = &batch; }
        Result<void> write(std::string_view head) override;
        Result<void> write_all(std::span<const std::string_view> parts) override;

    private:
        Batch* batch_ = nullptr;
    };

    /// Of a piece, from where the file's bytes begin.
    struct Unreadable {
        u64 offset = 0;
        u64 length = 0;
        Error error;
    };
    using Gaps = std::vector<Unreadable>;

    static Pieces next_run(Pieces pieces);
    bool read_together(Batch& batch, Pieces run);
    Gaps read_piece(Batch& batch, const DataPiece& piece);
    Result<void> read_whole(Batch& batch, const DataPiece& piece);
    void forget_problems(std::size_t told);
    Gaps read_sectors(Batch& batch, const DataPiece& piece);

    void put_run(Batch& batch, Pieces run);
    void put_commands(Batch& batch, std::size_t end);
    void put_around(Batch& batch, const DataPiece& piece, const Gaps& gaps);
    void put_data(Batch& batch, const DataPiece& piece, u64 begin, u64 end);
    void put_encoded(Batch& batch, const DataPiece& piece);
    void finish_command(Batch& batch);

    u32 sectorsize_;
    bool skips_;
    Problems problems_; ///< of the batch in work
    ExtentReader reader_;
    PartSink sink_;
    Encoder encoder_;
    std::size_t commands_put_ = 0; ///< bytes of Batch::commands
};

} // namespace btrkit::send
