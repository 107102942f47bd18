// SPDX-License-Identifier: MIT
// What send-history knows of the directory that it changes, and what it chooses by.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace btrkit::history {

class Random {
public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}

    /// 0 where limit is 0.
    std::uint64_t below(std::uint64_t limit) { return limit == 0 ? 0 : engine_() % limit; }
    std::uint64_t between(std::uint64_t first, std::uint64_t last) { return first + below(last - first + 1); }
    bool one_in(std::uint64_t count) { return below(count) == 0; }
    /// Random ones, one repeated, or zeros: not all of it compresses.
    std::string bytes(std::uint64_t count);
    template <class List>
    const auto& one_of(const List& list) {
        return list[below(list.size())];
    }

private:
    std::mt19937_64 engine_; // what it yields is the same everywhere, unlike what distributions make of it
};

/// Paths below a directory. All choices are empty strings where there is nothing to choose: no system call takes those.
class Places {
public:
    /// other: a second directory to clone files from, or empty.
    Places(std::string top, const std::string& other, std::uint64_t seed);

    Random& random() { return random_; }
    const std::string& top() const { return top_; }

    std::string directory();       ///< the top too
    std::string lower_directory(); ///< but the top
    std::string file();            ///< a regular one
    std::string leaf();            ///< anything but directories
    std::string entry();           ///< anything but the top
    std::string other_file();      ///< of the other directory
    std::vector<std::string> entries_of(const std::string& directory);

    /// A path where something may be already, for a few names come again and again.
    std::string new_path() { return new_path_in(directory()); }
    std::string new_path_in(const std::string& directory) { return directory + "/" + new_name(); }
    /// A path where nothing is.
    std::string free_path();

    /// Whether a path, with all that is below from, stays short enough for every receiver.
    bool has_room(const std::string& from, const std::string& to);

    /// The next choice looks around again.
    void names_changed() { is_known_ = false; }

private:
    std::string new_name();
    std::string name_like_a_receivers();
    void look_around();

    std::string top_;
    Random random_;
    bool is_known_ = false;
    // Sorted: the order of the disk is not the seed's.
    std::vector<std::string> directories_; ///< the top is the first
    std::vector<std::string> files_;
    std::vector<std::string> leaves_; ///< files too
    std::vector<std::string> other_files_;
};

std::string parent_of(const std::string& path);

} // namespace btrkit::history
