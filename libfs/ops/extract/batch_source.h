// SPDX-License-Identifier: MIT
// The making side: from the walk of names to batches, in the order of the walk.
#pragma once

#include "libfs/ops/extract/content_reader.h"
#include "libfs/ops/extract/extract.h"
#include "libfs/survey/names/name_walk.h"

namespace btrkit::extract {

/// For one thread.
class BatchSource {
public:
    BatchSource(const Filesystem& filesystem, Target& target, const Options& options, StopToken stop,
                const ProblemSink& problems);

    /// The next one; null behind the last, and after a failure.
    std::unique_ptr<Batch> next();
    const std::optional<Error>& failure() const { return failure_; }
    u64 subvolume_count() const { return subvolume_count_; }

private:
    std::unique_ptr<Batch> next_piece();
    bool begin_next_path();
    Result<void> take_step(Batch& batch, const survey::NameStep& step);
    Result<void> take_name(Batch& batch, const survey::WalkedName& walked, std::string path, unsigned depth);
    Result<void> take_directory(Batch& batch, Member member);
    Result<void> take_file(Batch& batch, Member member);
    /// The directory on that path, and those below it that were not entered.
    void leave(Batch& batch, const std::string& path);
    /// Of the large file that begins.
    RangeSet data_ranges(const Member& file);
    Result<void> find_directory(Member& member);
    void describe(Member& member, const survey::WalkedName& walked);
    Result<void> charge(u64 bytes);
    std::string path_of(std::string_view below) const;

    const Filesystem& filesystem_;
    Target& target_;
    const Options& options_;
    StopToken stop_;
    ContentReader reader_;
    u64 left_bytes_ = 0; ///< of the limit
    u64 subvolume_count_ = 0;
    std::optional<Error> failure_;

    std::vector<std::string> paths_;
    std::size_t next_path_ = 0;
    std::string prefix_; ///< the path in hand; what the walk tells stands below it
    std::optional<survey::NameWalk> walk_;
    std::vector<Member> open_directories_;                   ///< those that we are in; as MemberKind::leave
    std::map<std::pair<u64, u64>, std::string> first_names_; ///< of files with several, by tree and inode

    std::shared_ptr<Member> large_; ///< the file that comes in pieces now
    FileParts* large_parts_ = nullptr;
    std::optional<Slice> large_rest_;
    u64 batch_bytes_ = 0;
};

} // namespace btrkit::extract
