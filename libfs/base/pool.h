// SPDX-License-Identifier: MIT
// Things that are dear to make, handed round between jobs.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

namespace btrkit {

/// Hands out what was given back, or makes a new one. Thread-safe; must outlive what it handed out.
template <class T>
class Pool {
    struct GiveBack {
        Pool* pool;
        void operator()(T* thing) const { pool->give_back(thing); }
    };

public:
    using Lease = std::unique_ptr<T, GiveBack>;

    /// make() -> std::unique_ptr<T>, only called where nothing is to be had. What comes back is as its last user
    /// left it.
    template <class Make>
    Lease lease(Make&& make) {
        {
            const std::lock_guard lock(mutex_);
            if (!free_.empty()) {
                auto thing = std::move(free_.back());
                free_.pop_back();
                return Lease(thing.release(), GiveBack{this});
            }
        }
        return Lease(make().release(), GiveBack{this});
    }

private:
    void give_back(T* thing) {
        std::unique_ptr<T> owned(thing);
        const std::lock_guard lock(mutex_);
        free_.push_back(std::move(owned));
    }

    std::mutex mutex_;
    std::vector<std::unique_ptr<T>> free_;
};

} // namespace btrkit
