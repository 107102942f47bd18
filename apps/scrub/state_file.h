// SPDX-License-Identifier: MIT
// The file that remembers how far a scrub is.
#pragma once

#include "apps/scrub/saved_scrub.h"
#include "apps/scrub/time_source.h"

#include <optional>
#include <string>

namespace btrkit::apps {

class StateFile {
public:
    explicit StateFile(std::string path) : path_(std::move(path)) {}

    const std::string& path() const { return path_; }
    /// nullopt: nothing is there. Fails with io, and with usage where it is anything but the state of a scrub.
    Result<std::optional<SavedScrub>> read() const;
    /// Whether write() will succeed, as far as that can be told: a file can be made beside it, and may
    /// be in its place (new_file_place.h).
    Result<void> check_writable() const;
    /// Replaces what is there in one step, and is on stable storage when it returns. Fails with io.
    Result<void> write(const SavedScrub& saved) const;
    /// Takes it away if it is there. Fails with io.
    Result<void> remove() const;

private:
    std::string path_;
};

/// Writes a state file now and then.
class StateKeeper {
public:
    /// How much work an end without warning may cost.
    static constexpr std::chrono::seconds interval{5};

    /// Both outlive it.
    StateKeeper(const StateFile& file, const TimeSource& time) : file_(file), time_(time), last_(time.now()) {}

    /// Writes what get() says, unless it did so, or began, less than the interval ago. Fails as StateFile::write().
    Result<void> offer(const std::function<SavedScrub()>& get);

private:
    const StateFile& file_;
    const TimeSource& time_;
    SteadyTime last_;
};

} // namespace btrkit::apps
