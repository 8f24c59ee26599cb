// The waits of a loop ordered by deadline: an intrusive pairing heap (Fredman et al., 1986). Adding
// is one comparison; taking a wait out before its time, which is what nearly always happens, only
// unlinks a leaf. No allocation.
#pragma once

#include <utility>

#include "base/time.hpp"

namespace causeway::net {

struct DeadlineNode {
  Instant deadline = kNever;
  DeadlineNode* child = nullptr;
  DeadlineNode* sibling = nullptr;
  DeadlineNode* before = nullptr;  // left sibling, or the parent of a first child
};

class DeadlineHeap {
 public:
  bool empty() const { return root_ == nullptr; }
  DeadlineNode* first() const { return root_; }  // the earliest; null when empty

  void add(DeadlineNode& node) {
    node.child = node.sibling = node.before = nullptr;
    root_ = root_ == nullptr ? &node : meld(root_, &node);
  }

  void remove(DeadlineNode& node) {
    DeadlineNode* rest = merge_pairs(std::exchange(node.child, nullptr));
    if (&node == root_) {
      root_ = rest;
      return;
    }
    (node.before->child == &node ? node.before->child : node.before->sibling) = node.sibling;
    if (node.sibling != nullptr) node.sibling->before = node.before;
    if (rest != nullptr) root_ = meld(root_, rest);
  }

 private:
  static DeadlineNode* meld(DeadlineNode* a, DeadlineNode* b) {
    if (b->deadline < a->deadline) std::swap(a, b);
    b->sibling = a->child;
    if (b->sibling != nullptr) b->sibling->before = b;
    b->before = a;
    a->child = b;
    a->sibling = nullptr;
    a->before = nullptr;
    return a;
  }

  // Two passes over the list of siblings: pairs from left to right, then all of them from right to
  // left. Iterative, because the list may be as long as there are connections.
  static DeadlineNode* merge_pairs(DeadlineNode* list) {
    DeadlineNode* paired = nullptr;  // linked by `sibling`, the last pair first
    while (list != nullptr) {
      DeadlineNode* a = list;
      DeadlineNode* b = a->sibling;
      list = b == nullptr ? nullptr : b->sibling;
      a->sibling = a->before = nullptr;
      if (b != nullptr) {
        b->sibling = b->before = nullptr;
        a = meld(a, b);
      }
      a->sibling = paired;
      paired = a;
    }
    DeadlineNode* all = nullptr;
    while (paired != nullptr) {
      DeadlineNode* next = std::exchange(paired->sibling, nullptr);
      all = all == nullptr ? paired : meld(all, paired);
      paired = next;
    }
    return all;
  }

  DeadlineNode* root_ = nullptr;
};

}  // namespace causeway::net
