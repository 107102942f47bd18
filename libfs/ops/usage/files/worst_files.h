// SPDX-License-Identifier: MIT
// The files that have most of something, some of them and no more.
#pragma once

#include "libfs/base/address.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

namespace btrkit::usage {

/// A file by the number of its tree (in the sets of trees) and its inode.
struct FileId {
    u32 root = 0;
    u64 inode = 0;

    friend auto operator<=>(const FileId&, const FileId&) = default;
};

struct FileIdHash {
    std::size_t operator()(const FileId& file) const {
        return (file.inode + u64{file.root} * 0xc2b2ae3d27d4eb4f) * 0x9e3779b97f4a7c15 >> 8;
    }
};

struct FileScore {
    FileId file;
    u64 score = 0; ///< what it has most of
    u64 bytes = 0; ///< of its data, or that are wasted
};

inline bool is_worse(const FileScore& one, const FileScore& other) {
    return one.score != other.score ? one.score > other.score : one.file < other.file;
}

/// Takes files once each.
class WorstFiles {
public:
    explicit WorstFiles(std::size_t most) : most_(most) {}

    void add(const FileScore& file) {
        if (most_ == 0 || file.score < least_) {
            return;
        }
        files_.push_back(file);
        if (files_.size() >= 2 * most_ + 64) {
            cut();
            least_ = files_.back().score;
        }
    }
    /// The worst first.
    std::vector<FileScore> sorted() {
        cut();
        return files_;
    }

private:
    void cut() {
        std::ranges::sort(files_, is_worse);
        files_.resize(std::min(files_.size(), most_));
    }

    std::size_t most_;
    u64 least_ = 0; ///< with less a file is not among them any more
    std::vector<FileScore> files_;
};

/// Sums up what comes in parts. Keeps so many files at most; where there are more, those that have least so far are
/// forgotten, and the sums of others are then at least what is told.
class FileScores {
public:
    explicit FileScores(std::size_t most_kept) : most_kept_(std::max<std::size_t>(most_kept, 2)) {}

    void add(const FileId& file, u64 bytes) {
        auto& known = scores_[file];
        known += bytes;
        if (scores_.size() > most_kept_) {
            forget_half();
        }
    }
    std::vector<FileScore> worst(std::size_t most) const {
        WorstFiles files(most);
        for (const auto& [file, bytes] : scores_) {
            files.add({.file = file, .score = bytes, .bytes = bytes});
        }
        return files.sorted();
    }
    bool has_forgotten() const { return has_forgotten_; }

private:
    void forget_half() {
        has_forgotten_ = true;
        const auto kept = worst(most_kept_ / 2);
        scores_.clear();
        for (const auto& file : kept) {
            scores_.emplace(file.file, file.bytes);
        }
    }

    std::size_t most_kept_;
    bool has_forgotten_ = false;
    std::unordered_map<FileId, u64, FileIdHash> scores_;
};

} // namespace btrkit::usage
