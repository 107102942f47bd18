// SPDX-License-Identifier: MIT
// Streams applied to a filesystem in a transaction, subvolume by subvolume (internal to libfs/ops/receive).
#pragma once

#include "libfs/ops/receive/subvolume_receiver.h"

#include <deque>

namespace btrkit::receive {

/// Whether with this command a subvolume begins.
bool begins_subvolume(const StreamCommand& command);

class Receiver {
public:
    /// All must outlive it.
    static Result<Receiver> begin(Transaction& transaction, const Options& options);

    /// Fails with the command's place and path; see ../receive.h for the kinds.
    Result<void> apply(const CommandBatch& batch, const Step& step);
    /// The subvolume at hand, if there is one, is whole.
    Result<void> finish_subvolume();
    /// The stream has failed: what came of its last subvolume stays, as a writable one.
    Result<void> keep_partial();

    /// Whether anything was received.
    bool has_begun() const { return !received_.empty(); }
    /// Whether what came before a failure is sound.
    bool may_be_kept() const { return has_begun() && !is_broken_ && (!current_ || !current_->is_broken()); }
    std::vector<ReceivedSubvolume> take_report();

private:
    /// What they refer to stays where it is.
    struct Editors {
        Editors(Transaction& transaction, Time now)
            : subvolumes(transaction, now), inodes(transaction, now, Protection::ignored), files(inodes) {}
        SubvolumeEditor subvolumes;
        InodeEditor inodes;
        FileEditor files;
    };

    Receiver(Transaction& transaction, const Options& options, SourceSubvolumes sources)
        : transaction_(&transaction), options_(&options),
          sources_(std::make_unique<SourceSubvolumes>(std::move(sources))),
          editors_(std::make_unique<Editors>(transaction, options.now)) {}

    Result<void> relieve();
    Result<void> pass_over(const StreamCommand& command, const Error& error);
    Result<void> apply_step(const CommandBatch& batch, const Step& step);
    Result<void> begin_subvolume(const StreamCommand& command);
    Result<void> make_subvolume(const StreamCommand& command, ReceivedSubvolume& begun, u64& newest);

    Transaction* transaction_;
    const Options* options_;
    std::unique_ptr<SourceSubvolumes> sources_;
    std::unique_ptr<Editors> editors_;
    PlaceInTree directory_;
    std::deque<ReceivedSubvolume> received_; ///< does not move what it holds
    std::unique_ptr<SubvolumeReceiver> current_;
    u64 errors_ = 0; ///< commands that failed, of all
    bool current_has_errors_ = false;
    bool is_broken_ = false; ///< a subvolume could not be begun: a part of it may be there
};

} // namespace btrkit::receive
