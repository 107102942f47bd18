// SPDX-License-Identifier: MIT
// Data that several files of the image share, shared by the files of the host too where these can: what is written once
// is a reflink from then on.
#pragma once

#include "libfs/ops/extract/member.h"

#include <atomic>
#include <mutex>
#include <unordered_map>

namespace btrkit::extract {

/// A run of a file that others may share, without its bytes.
struct SharedRun {
    ExtentData data;
    u64 offset = 0;
    u64 length = 0;
};

/// Adds those of the runs that are worth it.
void add_shareable(std::span<const Run> runs, std::vector<SharedRun>& shareable);

/// For all threads at once. Which of two files has the data first depends on these; what they hold does not.
class SharedData {
public:
    /// root: the folder, which must outlive it. Asks once whether files in it can share.
    explicit SharedData(int root);

    bool is_possible() const { return is_possible_; }
    /// Lets the run's place in a file share what another one has. False: it is to be written.
    bool share(int fd, const Run& run);
    /// The file at that path is whole, and will stay as it is.
    void add(const std::string& path, std::span<const SharedRun> runs);

    u64 shared_bytes() const { return shared_bytes_; }

private:
    struct Hash {
        std::size_t operator()(const ExtentData& data) const noexcept {
            return static_cast<std::size_t>((data.disk ^ (data.in_extent << 20U)) * 0x9e3779b97f4a7c15U);
        }
    };
    struct Source {
        u64 offset;
        u32 length;
        u32 file; ///< index into paths_
    };
    /// With more, what comes later is not shared: about 100 MB.
    static constexpr std::size_t most_sources = 1'000'000;

    int root_;
    bool is_possible_;
    std::atomic<u64> shared_bytes_ = 0;
    std::mutex mutex_; ///< of what follows
    std::vector<std::string> paths_;
    std::unordered_map<ExtentData, Source, Hash> sources_;
};

} // namespace btrkit::extract
